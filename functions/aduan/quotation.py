"""What a person is shown of a citizen's words: as they are stored, which is masked, and without a link to click."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aduan.plain_text import readable
from aduan.safe_text import defanged

if TYPE_CHECKING:
    from aduan.post import Post


def quotation(post: Post, limit: int, *, confidential: bool) -> tuple[tuple[str, ...], str]:
    """Quote a post line by line, or say in a sentence why there is nothing to quote; the other of the two is empty.

    Args:
        post: Whose text it is. It is without one when it was deleted at its source.
        limit: How many characters are shown; what is cut is marked ``(dipotong)``.
        confidential: Whether the words may not be read here.
    """
    if confidential:
        return (), "Isi laporan tidak ditampilkan karena bersifat rahasia."
    if post.state == "gone":
        return (), "Isi laporan tidak ditampilkan lagi karena unggahannya telah dihapus di kanal asalnya."
    text = readable(post.text)
    if not text:
        return (), f"Unggahan ini {'hanya berupa foto, tanpa' if post.has_photo else 'tidak memuat'} tulisan."
    cut = " \u2026 (dipotong)" if post.clipped or len(text) > limit else ""
    return tuple(defanged(text[:limit].rstrip() + cut).split("\n")), ""

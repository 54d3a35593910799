"""How a citizen's words are shown: as they are stored, with personal data masked, and without a link to click."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aduan.plain_text import readable
from aduan.safe_text import defanged

if TYPE_CHECKING:
    from aduan.post import Post


def quotation(post: Post, limit: int, *, confidential: bool) -> tuple[tuple[str, ...], str]:
    """Quote a post, or say in a sentence why there is nothing to quote.

    Args:
        post: The post. It has no text when it was deleted at its source.
        limit: How many characters are shown. A longer text is cut and marked ``(dipotong)``.
        confidential: Whether the words must not be shown.

    Returns:
        The lines of the text and an empty sentence, or no lines and the sentence.
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

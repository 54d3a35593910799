"""A department's link to a photo leads to the internet and names nobody."""

from __future__ import annotations

import pytest

from actions.form import Form, FormError, remarks_of
from aduan.directory_loading import load_directory
from aduan.web_address import public_address
from tests.links import a_token

DIRECTORY = load_directory()
PRIVATE = [
    *("localhost", "LOCALHOST.", "localhost.localdomain", "printer.local", "nas.lan", "app.internal", "x.home.arpa"),
    *("127.0.0.1", "127.1", "10.0.0.7", "172.16.3.4", "192.168.1.10", "169.254.169.254", "100.64.0.1", "8.8.8.8"),
    *("2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001", "127.0.0.1.", "foto", "foto.123"),
    *("[::1]", "[fe80::1]", "[fd00::1]", "[::ffff:10.0.0.1]", "[2001:db8::1]"),
    *("10.0.0.1.nip.io", "192-168-1-1.sslip.io", "localtest.me", "x.lvh.me"),
    *(
        "\uff11\uff12\uff17.0.0.1",
        "\u2460\u2461\u2466.0.0.1",
        "127\u30020\u30020\u30021",
        "-foto.example",
        "a..example",
    ),
]
PEOPLE = [
    *("3404120101900001", "3404-1201-0190-0001", "%33404120101900001", "3404120101%39%30%30001", "081234567890"),
    *("0812-3456-7890", "%2B6281234567890", "a?hp=0274868405", "a?x=warga@mail.example", "warga%40mail.example"),
    *("%25%33%33404120101900001", "\uff13404120101900001"),
]
QUOTED = [
    "a'b",
    'a"b',
    "a%27b",
    "a%22b",
    "a%2522b",
    "<b>",
    "%3Cb%3E",
    "a`b",
    "a\u201cb",
    "a%E2%80%9Db",
    "a&quot;b",
    "a b",
]
GOOD = [
    "https://foto.example/1.jpg",
    "https://drive.google.com/file/d/1AbCdEfGhIjKlMnOpQrStUvWxYz012345/view?usp=sharing",
    "https://photos.app.goo.gl/AbCdEf123",
    "https://dishub.slemankab.go.id:8443/unggah/2026/11/lampu-01.jpg",
    "https://www.facebook.com/photo?fbid=10160123456789012",
    "https://foto.example/b\u00e9.jpg",
]


def taken(photo: str) -> str:
    """The link as it is written down."""
    return remarks_of(Form(photo=photo), a_token(), DIRECTORY).photo


@pytest.mark.parametrize("photo", GOOD)
def test_a_link_to_a_photo_on_the_internet_is_taken(photo: str) -> None:
    """It is written down in ASCII."""
    assert taken(photo) == photo.replace("\u00e9", "%C3%A9")


@pytest.mark.parametrize(
    "photo",
    [
        *(f"https://{host}/1.jpg" for host in PRIVATE),
        *(f"https://foto.example/{name}" for name in (*PEOPLE, *QUOTED)),
        "https://nama:sandi@foto.example/1.jpg",
        "https://foto.example@10.0.0.1/1.jpg",
        *("ftp://foto.example/1.jpg", "data:image/png;base64,AAAA", "javascript:alert(1)", "//foto.example/1.jpg"),
        *("http://foto.example/1.jpg", "https:///1.jpg", "https://", "foto.example/1.jpg", "https://foto.example:x/"),
        "https://foto.example/" + "a" * 500,
    ],
)
def test_no_other_link_is_taken(photo: str) -> None:
    """No private network in any notation, no number or address of a person, no quotes, nothing but https."""
    with pytest.raises(FormError, match="https://"):
        taken(photo)


@pytest.mark.parametrize("host", PRIVATE)
def test_no_link_of_a_post_leads_into_a_private_network(host: str) -> None:
    """The same rule as for the buttons of mails, which may lead to http."""
    assert public_address(f"http://{host}/a") == ""
    assert public_address("http://media.example/a") == "http://media.example/a"

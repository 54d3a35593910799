"""Names of people, for which no weight is ever learnt, and the forms of address that stand before names."""

from __future__ import annotations

from typing import Final

HONORIFICS: Final = frozenset(
    """
    pak bapak bpk bu ibu mas mbak mba bang kang sdr sdri saudara saudari haji hj ustadz ustad almarhum alm nama
    bernama namanya an atasnama dr drs ir
    """.split()  # noqa: SIM905 # a list of two hundred words reads best as words
)
"""Forms of address. A word that often follows one is a name."""
GIVEN_NAMES: Final = frozenset(
    """
    abdul abdullah achmad adi adit aditya agung agus ahmad ainun aisyah ali alif amir ananda andi andika andre anggi
    anggun ani anisa annisa anton ardi ari arief arif aris ayu azis aziz bagas bambang basuki bayu budi budiman
    budiono cahya cahyadi cahyo citra daniel danang darmawan deni denny desi devi dewi dian didik dimas dina dini
    doni dwi edi edy eka eko elisa endang eni eri erik erna eva fadli fajar farid fatimah fauzan fauzi febri ferry
    fitri fitria galih ganjar gunawan hadi haris hartono hasan hendra hendri heri herman heru hidayat husein ibrahim
    ika ikhsan iman imam indra intan irfan irma iskandar ismail iwan joko jokowi prabowo juli kartika khoirul kiki
    kurnia kurniawan lestari lia lilik lina linda lukman lutfi mahmud maria maya mega mohammad muhammad mohamad
    muhamad moch moh mulyadi mulyono nanda nia nina novi nugroho nur nurul oktavia pratama prasetyo puji purnomo
    puspita putri rahayu rahma rahman rahmat rahmawati rama ratna reza rian ridwan rina rini risma rizal rizki rizky
    robert rudi rudy sari saputra satria setiawan setyawan sholeh siti slamet sri subagyo sudarsono sugeng suharto
    sukarno sukma sulastri sumarni supardi suparman supri suprapto supriyadi suryadi susanti susanto susilo sutrisno
    suyanto syaiful taufik taufiq teguh titik tono tri utami utomo vina wahyu wahyudi wati wawan wibowo widodo
    winarno wulan yanti yanto yuli yulianto yuni yusuf zainal
    """.split()  # noqa: SIM905 # a list of two hundred words reads best as words
)

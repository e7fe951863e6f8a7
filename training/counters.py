"""Japanese numbers with what they count, which sound otherwise together: 三本 is サンボン."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["counted"]

_NUMBERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "一": "イチ", "二": "ニ", "三": "サン", "四": "ヨン",
        "五": "ゴ", "六": "ロク", "七": "ナナ", "八": "ハチ",
        "九": "キュー", "十": "ジュー", "百": "ヒャク", "千": "セン",
        "万": "マン", "何": "ナン", "数": "スー", "三百": "サンビャク",
        "六百": "ロッピャク", "八百": "ハッピャク", "三千": "サンゼン", "八千": "ハッセン",
    }
)  # fmt: skip
_SHORT: Final[Mapping[str, str]] = MappingProxyType(
    {"一": "イッ", "六": "ロッ", "八": "ハッ", "十": "ジュッ", "百": "ヒャッ"}
    | {"三百": "サンビャッ", "六百": "ロッピャッ", "八百": "ハッピャッ"}
)
_SHORTENED: Final[Mapping[str, str]] = MappingProxyType(
    {"カ": "一六八十百", "キ": "一六八十百", "ケ": "一六八十百", "コ": "一六八十百"}
    | dict.fromkeys("サシセソタチツテト", "一八十")
    | dict.fromkeys("ハヒフヘホ", "一六八十百")
)
"""Numbers that end on a held consonant, by the first kana of what they count."""
_VOICED: Final = str.maketrans("カケサソハヒフヘホ", "ガゲザゾバビブベボ")
_LIPS: Final = str.maketrans("ハヒフヘホ", "パピプペポ")
_AFTER_N: Final = "三千万何"

_COUNTERS: Final = (
    "個/コ 回/カイ 件/ケン 箇所/カショ か所/カショ カ所/カショ ヶ所/カショ ヵ所/カショ か月/カゲツ "
    "ヶ月/カゲツ カ月/カゲツ ヵ月/カゲツ 箇月/カゲツ か国/カコク ヶ国/カコク カ国/カコク 曲/キョク "
    "巻/カン 級/キュー 機/キ 歳/サイ 才/サイ 冊/サツ 隻/セキ 週/シュー 週間/シューカン "
    "種類/シュルイ 社/シャ 章/ショー 周/シュー 世紀/セーキ 頭/トー 点/テン 体/タイ 着/チャク "
    "通/ツー 丁目/チョーメ 等/トー トン/トン 台/ダイ 枚/マイ 名/メー 名様/メーサマ 円/エン "
    "秒/ビョー 秒間/ビョーカン 度/ド 度目/ドメ 番/バン 番目/バンメ 倍/バイ 年/ネン 年間/ネンカン "
    "年生/ネンセー 年前/ネンマエ 年後/ネンゴ 時/ジ 時半/ジハン 時間/ジカン 月/ガツ 部/ブ 部屋/ヘヤ "
    "人/ニン 人目/ニンメ 人前/ニンマエ 代/ダイ 語/ゴ 行/ギョー 面/メン 段/ダン 枠/ワク 話/ワ "
    "割/ワリ 位/イ 号/ゴー 万/マン 億/オク 兆/チョー キロ/キロ メートル/メートル センチ/センチ "
    "パーセント/パーセント ページ/ページ"
)
_VOICED_AFTER_N: Final = (
    "階/カイ 軒/ケン 足/ソク 本/ホン 本目/ホンメ 匹/ヒキ 匹目/ヒキメ 杯/ハイ 百/ヒャク"
)
_LIPS_AFTER_N: Final = (
    "分/フン 分間/フンカン 分前/フンマエ 分後/フンゴ 泊/ハク 発/ハツ 歩/ホ 票/ヒョー 班/ハン "
    "品/ヒン"
)
_WHOLE: Final = (
    "一人/ヒトリ 二人/フタリ 一人目/ヒトリメ 二人目/フタリメ 四人/ヨニン 七人/シチニン 一つ/ヒトツ "
    "二つ/フタツ 三つ/ミッツ 四つ/ヨッツ 五つ/イツツ 六つ/ムッツ 七つ/ナナツ 八つ/ヤッツ "
    "九つ/ココノツ 四円/ヨエン 四年/ヨネン 四年間/ヨネンカン 四年生/ヨネンセー 四時/ヨジ "
    "四時半/ヨジハン 四時間/ヨジカン 七時/シチジ 七時半/シチジハン 九時/クジ 九時半/クジハン "
    "九時間/クジカン 四月/シガツ 七月/シチガツ 九月/クガツ 何月/ナンガツ 三千/サンゼン "
    "八千/ハッセン 一兆/イッチョー 八兆/ハッチョー 十兆/ジュッチョー 二日/フツカ 三日/ミッカ "
    "四日/ヨッカ 五日/イツカ 六日/ムイカ 七日/ナノカ 八日/ヨーカ 九日/ココノカ 十日/トーカ "
    "十一日/ジューイチニチ 十二日/ジューニニチ 十三日/ジューサンニチ 十四日/ジューヨッカ "
    "十五日/ジューゴニチ 十六日/ジューロクニチ 十七日/ジューシチニチ 十八日/ジューハチニチ "
    "十九日/ジュークニチ 二十日/ハツカ 三十日/サンジューニチ 何日/ナンニチ 数日/スージツ "
    "月一日/ガツツイタチ 二日間/フツカカン 三日間/ミッカカン 四日間/ヨッカカン 五日間/イツカカン "
    "十日間/トーカカン 十四日間/ジューヨッカカン 二十歳/ハタチ 三百/サンビャク 六百/ロッピャク "
    "八百/ハッピャク 一部屋/ヒトヘヤ 二部屋/フタヘヤ 時十分/ジジュップン 二十分/ニジュップン "
    "三十分/サンジュップン 四十分/ヨンジュップン 五十分/ゴジュップン"
)

_OTHERS: Final = ("十分", "千代", "万代", "千歳")
"""Enough, and names: the dictionary has them."""


def counted() -> dict[str, str]:
    """Numbers with counters, and their kana."""
    found = dict(_all(_COUNTERS, "", _VOICED))
    found |= dict(_all(_VOICED_AFTER_N, _AFTER_N, _VOICED))
    found |= dict(_all(_LIPS_AFTER_N, f"{_AFTER_N}四", _LIPS))
    found |= dict(_pairs(_WHOLE))
    return {word: kana for word, kana in found.items() if word not in _OTHERS}


def _all(counters: str, changing: str, change: dict[int, int]) -> Iterator[tuple[str, str]]:
    for letters, kana in _pairs(counters):
        for number, spoken in _NUMBERS.items():
            if number[-1] in _SHORTENED.get(kana[0], "") and letters != "部屋":
                yield number + letters, _SHORT[number] + _changed(kana, _LIPS)
            elif number[-1] in changing:
                yield number + letters, spoken + _changed(kana, change)
            elif letters not in ("百", "万", "億", "兆"):
                yield number + letters, spoken + kana


def _changed(kana: str, change: dict[int, int]) -> str:
    return kana[0].translate(change) + kana[1:]


def _pairs(rows: str) -> Iterator[tuple[str, str]]:
    """Letters and kana, which stand as 本/ホン."""
    for row in rows.split():
        letters, kana = row.split("/")
        yield letters, kana

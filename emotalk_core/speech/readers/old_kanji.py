"""Kanji as they were written until 1946, and as names have them still."""

from __future__ import annotations

from typing import Final

__all__ = ["in_new_kanji"]

_PAIRS: Final = (
    "惡悪 壓圧 圍囲 爲為 醫医 隱隠 營営 衞衛 驛駅 圓円 鹽塩 緣縁 艷艶 應応 歐欧 奧奥 "
    "假仮 價価 畫画 會会 繪絵 壞壊 懷懐 擴拡 殼殻 覺覚 學学 樂楽 勸勧 卷巻 寬寛 歡歓 "
    "關関 觀観 氣気 龜亀 戲戯 舊旧 據拠 擧挙 峽峡 狹狭 鄕郷 曉暁 區区 驅駆 勳勲 徑径 "
    "惠恵 經経 繼継 莖茎 螢蛍 輕軽 鷄鶏 藝芸 缺欠 劍剣 圈圏 檢検 權権 獻献 縣県 險険 "
    "顯顕 驗験 嚴厳 恆恒 黃黄 黑黒 濟済 碎砕 齋斎 劑剤 雜雑 參参 慘惨 棧桟 蠶蚕 贊賛 "
    "殘残 絲糸 辭辞 實実 舍舎 寫写 釋釈 收収 從従 澁渋 獸獣 縱縦 肅粛 緖緒 燒焼 稱称 "
    "證証 乘乗 剩剰 孃嬢 條条 淨浄 疊畳 讓譲 囑嘱 觸触 寢寝 晉晋 盡尽 圖図 粹粋 醉酔 "
    "髓髄 數数 樞枢 聲声 靜静 齊斉 攝摂 竊窃 專専 戰戦 淺浅 潛潜 纖繊 錢銭 禪禅 雙双 "
    "搜捜 插挿 總総 聰聡 莊荘 裝装 騷騒 臟臓 屬属 續続 墮堕 體体 對対 帶帯 擇択 單単 "
    "擔担 膽胆 彈弾 斷断 遲遅 晝昼 蟲虫 鑄鋳 廳庁 聽聴 敕勅 鎭鎮 鐵鉄 點点 轉転 黨党 "
    "盜盗 德徳 讀読 屆届 繩縄 腦脳 霸覇 廢廃 拜拝 賣売 麥麦 發発 髮髪 拔抜 蠻蛮 祕秘 "
    "拂払 竝並 變変 邊辺 寶宝 豐豊 沒没 飜翻 滿満 默黙 藥薬 譯訳 餘余 與与 譽誉 樣様 "
    "謠謡 賴頼 亂乱 覽覧 兩両 獵猟 綠緑 壘塁 禮礼 齡齢 戀恋 爐炉 勞労 樓楼 祿禄 灣湾 "
    "歸帰 犧犠 毆殴 敍叙 壤壌 釀醸 隨随 踐践 爭争 滯滞 癡痴 遞逓 鬭闘 惱悩 襃褒 搖揺 "
    "勵励 國国 靈霊 傳伝 佛仏 當当 團団 處処 來来 﨑崎 髙高 𠮷吉 濵浜 𠮟叱 "
)
"""Each before the one that stands for it now, but those of which names are read otherwise (龍, 澤):
the dictionary has these.
"""
_NEW: Final = str.maketrans({pair[0]: pair[1] for pair in _PAIRS.split()})


def in_new_kanji(text: str) -> str:
    """Old kanji as the ones of now, all else as it is.

    >>> in_new_kanji("舊字體")
    '旧字体'
    """
    return text.translate(_NEW)

package site

import (
	"strings"
	"unicode"
)

// bare is a text's letters and digits alone, small, with what only looks different brought together: full-width forms,
// letters of Cyrillic and Greek that cannot be told from Latin ones (the pairs of Unicode TS 39's table that lie in
// these words), accents, and everything that takes no room. It decides only what a refusal says: what is accepted is
// an exact word of a closed list.
func bare(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r >= '！' && r <= '～' {
			r += '!' - '！'
		}
		r = unicode.ToLower(r)
		if latin, ok := lookalikes[r]; ok {
			r = latin
		}
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

var lookalikes = map[rune]rune{
	'а': 'a', 'е': 'e', 'о': 'o', 'р': 'p', 'с': 'c', 'у': 'y', 'х': 'x', 'і': 'i', 'ј': 'j', 'ѕ': 's', 'һ': 'h', 'ԁ': 'd', 'ԛ': 'q', 'ԝ': 'w',
	'т': 't', 'к': 'k', 'м': 'm', 'н': 'h', 'в': 'b', 'г': 'r', 'ӏ': 'l',
	'α': 'a', 'β': 'b', 'ε': 'e', 'ι': 'i', 'κ': 'k', 'ν': 'v', 'ο': 'o', 'ρ': 'p', 'τ': 't', 'υ': 'u', 'χ': 'x', 'η': 'n', 'γ': 'y',
	'ı': 'i', 'ɡ': 'g', 'ɑ': 'a', 'ℓ': 'l', '0': 'o', '1': 'l', 'ö': 'o', 'ó': 'o', 'ò': 'o', 'ô': 'o', 'é': 'e', 'è': 'e', 'ë': 'e', 'ê': 'e',
	'á': 'a', 'à': 'a', 'ä': 'a', 'â': 'a', 'í': 'i', 'ì': 'i', 'ï': 'i', 'î': 'i', 'ú': 'u', 'ù': 'u', 'ü': 'u', 'û': 'u',
	'ⅼ': 'l', 'ⅰ': 'i', '𝐨': 'o', '𝐭': 't', '𝐢': 'i', '𝐥': 'l', '𝐞': 'e',
}

// Words that are no statement, bare. Digits have become the letters that they look like.
var (
	nothings = []string{"na", "none", "no", "nil", "test", "example", "necessary", "required", "needed", "security", "safety", "convenience",
		"无", "没有", "必要", "需要", "安全", "方便", "测试", "示例"}
	fillers = []string{"tbd", "todo", "fixme", "loremipsum", "placeholder", "changeme", "xxxx", "fillin", "待定", "待补", "待填", "占位", "某某"}
	// boilerplate fits every door alike; a text that consists of it says nothing about this one.
	boilerplate = []string{"faceisnecessary", "faceisrequired", "faceisneeded", "facerecognitionisnecessary", "facerecognitionisrequired",
		"forsecurityreasons", "forsafetyreasons", "forsecurity", "forsafety", "forconvenience", "tobemoreconvenient", "toimprovetheservice",
		"improvesecurity", "improvetheuserexperience", "improvesafety", "accordingtotherules", "becauseitisnecessary", "sufficientlynecessary",
		"为了安全", "出于安全", "为了方便", "出于安全考虑", "提升服务", "提高效率", "提升体验", "加强管理", "根据规定", "具有充分的必要性", "充分必要", "确有必要",
		"人脸识别是必要的", "需要人脸识别", "and", "of", "the"}
)

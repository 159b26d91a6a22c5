package notice

import (
	"regexp"
	"strings"
	"unicode"
)

// phrases are what a notice must not say, as patterns over folded text. They are strict on purpose: a sentence such as
// "it is not so that only your face opens" is caught as well, and is said better another way. They find carelessness
// and plain pressure; a determined author gets round them, and a person must read the text before it is shown.
var phrases = []struct {
	pattern *regexp.Regexp
	why     string
}{
	// The Measures for the Security Management of Face Recognition Technology, articles 10 and 12.
	{regexp.MustCompile(`(\bface|facial|face recognition|face scan\w*)( \w+)? (is|are) (a )?(required|mandatory|compulsory|obligatory|must)\b`), forced},
	{regexp.MustCompile(`\bface( recognition| scan)? (required|mandatory|only)\b`), forced},
	{regexp.MustCompile(`\b(must|have to|has to|need to|required to|obliged to) (use|show|scan|verify|register|enrol|enroll|give|provide)( \w+){0,3} (face|faces|facial)\b`), forced},
	{regexp.MustCompile(`\bonly (with|by|via|through|using|use)( \w+){0,2} (face|facial)\b`), forced},
	{regexp.MustCompile(`\bno (face|consent) no (entry|service|access|door|way)\b`), forced},
	{regexp.MustCompile(`\b(without|unless|if you (refuse|decline|disagree|do not agree|don t agree))( \w+){0,8} (cannot|can not|can t|may not|must not|will not|won t) (enter|come in|get in|pass|use the (door|building|service))`), forced},
	{regexp.MustCompile(`必须(先|要)?(使用|用|通过|进行|录入|采集|完成|验证|识别|同意)?(您的|你的)?(人脸|刷脸|面部|脸)`), forced},
	{regexp.MustCompile(`(不|未|没有|拒绝)(使用|录入|采集|同意|验证|提供)?(人脸|刷脸|面部识别|同意)(识别|验证|信息)?(者)?[^。]{0,4}(不能|不得|无法|不可|不让|不予|不准|禁止|谢绝)`), forced},
	{regexp.MustCompile(`(只能|只可|只有|仅能|仅可|仅限|仅支持|只支持|唯一)(使用|用|通过|靠|凭)?(人脸|刷脸|面部|脸)`), forced},
	{regexp.MustCompile(`(人脸|刷脸|面部识别)(识别|验证)?(是|为)(必须|必需|强制|唯一)`), forced},
	{regexp.MustCompile(`强制(使用|采集|录入|验证)?(人脸|刷脸|面部)`), forced},
	{regexp.MustCompile(`\b(faster|quicker|easier|priority|better)( \w+){0,4} (face|facial)\b`), lured},
	{regexp.MustCompile(`\b(face|facial)( \w+){0,4} (faster|quicker|easier|priority)\b`), lured},
	{regexp.MustCompile(`\b(better|improve|improved|improving)( \w+){0,2} services?\b`), lured},
	{regexp.MustCompile(`(人脸|刷脸)(识别|验证|进门|开门|通行)?[^。]{0,6}(更快|更方便|更便捷|优先|快速通道)`), lured},
	{regexp.MustCompile(`(更快|更方便|更便捷|优先)[^。]{0,6}(人脸|刷脸)`), lured},
	{regexp.MustCompile(`(提升|提高|改善|优化|更好的|更优质的)(我们的)?服务|为(您)?办理业务`), lured},
	// Judicial provisions of the Supreme People's Court on face recognition (2021), article 11.
	{regexp.MustCompile(`\b(forever|indefinitely|for an? (unlimited|indefinite) (time|period)|until further notice|without (a )?time limit|(kept|stored) permanently|permanently (kept|stored))\b`), endless},
	{regexp.MustCompile(`(永久|长期|无限期|一直|永远)(地)?(保存|保留|存储|储存|使用|有效)|另行通知为止|不限(期限|时间)`), endless},
	{regexp.MustCompile(`\b(irrevocabl[ey]|cannot be (withdrawn|revoked)|can not be (withdrawn|revoked))\b`), bound},
	{regexp.MustCompile(`(不可|不得|不能|无法)(撤回|撤销)`), bound},
	{regexp.MustCompile(`\b(transferable|sublicen[cs]e|sub licen[cs]e)\b|(可|可以|有权)(自由|任意)?(转让|转授权)`), passedOn},
}

const (
	forced   = "nobody may be made to use their face; say which other ways there are"
	lured    = "nobody may be lured to use their face; the other ways are as good"
	endless  = "a consent without an end is void; retention_days is the end"
	bound    = "every consent can be withdrawn; say how"
	passedOn = "a consent cannot be handed on to others"
)

var (
	placeholder = regexp.MustCompile(`\b(tbd|tba|tbc|todo|fixme|xxx+|lorem|ipsum|n a|placeholder|changeme|change me|your (company|name|phone|text) here)\b|待定|待补|待填|占位|某某|暂无`)
	unfinished  = regexp.MustCompile(`^[\s\p{P}\p{S}]*$|\?\?\?|？？？|___|\{\{|\$\{|<[A-Za-z_ ]+>|【[^】]*(填|待|请)[^】]*】|[xX×]{3,}`)
)

// narrow brings the full-width forms of ASCII, and the ideographic space, back to ASCII.
func narrow(r rune) rune {
	switch {
	case r >= '！' && r <= '～':
		return r - '！' + '!'
	case r == '　':
		return ' '
	}
	return r
}

// fold makes a text comparable: small letters, one space between words, none beside Han characters, nothing invisible.
// Otherwise "只 能 刷 脸" or a zero-width space in a word would pass. A full stop stays, as "。": patterns do not
// reach over it.
func fold(s string) string {
	var b strings.Builder
	space, han, latin := false, false, false
	for _, r := range strings.ToLower(strings.Map(narrow, s)) {
		switch {
		case unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Mn, r):
		case unicode.Is(unicode.Han, r):
			b.WriteRune(r)
			space, han, latin = false, true, false
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if space && latin {
				b.WriteByte(' ')
			}
			b.WriteRune(r)
			space, han, latin = false, false, true
		case r == '。' || r == '.' || r == '!' || r == '；' || r == ';':
			if han || latin {
				b.WriteRune('。')
			}
			space, han, latin = false, false, false
		default:
			space = true
		}
	}
	return strings.Trim(b.String(), "。")
}

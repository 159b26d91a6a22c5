package audit

// The decoders, for fuzzing from outside.
var (
	ParseEntry  = parseEntry
	SplitBundle = splitBundle
	ParseHead   = parseHead
)

const MaxEntry = maxEntry

func (e Entry) Encode() ([]byte, error) { return e.encode() }

// Package wire holds every word that rooms may say to each other, direction by direction. It never carries a word
// that is not listed here: what is unknown, short, long or in the wrong direction ends the conversation.
//
// Read the files in this order: eye.go, kiosk.go, record.go, attest.go, courier.go, lens.go, keysmith.go, hall.go say who may say what; enums.go lists
// the closed sets; codec.go and conn.go are the mechanics. Between two rooms lies a SOCK_SEQPACKET socket pair, so
// the kernel keeps message boundaries. A message is the version, one number byte, then the word's fields, little endian,
// fixed width, in the order in which its fields method names them. The version stands in every message because rooms
// are started anew on the same wire.
//
// More than five names are exported on purpose: this package is the list.
package wire

// Version of the set of words. Both ends are built together; a difference ends the conversation.
const Version = 1

// MaxLen is the longest message in bytes. Only a Preview comes near; every other word is below 4 KiB.
const MaxLen = 64 << 10

// A Word is one message. The set is closed: both methods are private to this package.
type Word interface {
	number() number
	fields(*codec)
}

// number identifies a word. Numbers are never used twice, not even for words that have gone, and are unique over all
// directions, so a word on the wrong wire is refused like an unknown one.
type number uint8

const (
	nHello number = 1

	nSighting number = 10
	nEyeState number = 11
	nLook     number = 12
	nPreview  number = 13
	nMeasured number = 14

	nTouched   number = 20
	nPINTyped  number = 21
	nScreen    number = 22
	nIssued    number = 23
	nRecord    number = 24
	nFrontDoor number = 25
	nReceipt   number = 26
	nAttested  number = 27
	nPiece     number = 28
	nRequests  number = 29
	nAlive     number = 80

	nDecided  number = 30
	nHappened number = 31
	nHead     number = 32
	nStatus   number = 33
	nAnswered number = 34
	nAsked    number = 35
	nLinked   number = 36

	nLensFrame number = 40
	nLensState number = 41

	nReady number = 50
	nFault number = 51
	nTimed number = 52

	nKeyOpen    number = 60
	nKeyBegin   number = 61
	nKeyCommit  number = 62
	nKeyGiven   number = 63
	nKeyRefused number = 64
	nStop       number = 53
	nLift       number = 54
	nObeyed     number = 55
	nLeft       number = 56
	nFilled     number = 57
	nVaultTimes number = 58
	nPaper      number = 59
	nMark       number = 90
	nShine      number = 120
	nEnd        number = 49
	nRenew      number = 48
	nVouch      number = 91
	nSearching  number = 70
	nSearched   number = 71
	nGrown      number = 72
)

// words makes an empty word for a number. A word that is missing here cannot be received by anybody.
var words = map[number]func() Word{
	nHello:     func() Word { return new(Hello) },
	nSighting:  func() Word { return new(Sighting) },
	nEyeState:  func() Word { return new(EyeState) },
	nLook:      func() Word { return new(Look) },
	nPreview:   func() Word { return new(Preview) },
	nMeasured:  func() Word { return new(Measured) },
	nTouched:   func() Word { return new(Touched) },
	nPINTyped:  func() Word { return new(PINTyped) },
	nScreen:    func() Word { return new(Screen) },
	nIssued:    func() Word { return new(Issued) },
	nRecord:    func() Word { return new(Record) },
	nFrontDoor: func() Word { return new(FrontDoor) },
	nReceipt:   func() Word { return new(Receipt) },
	nAttested:  func() Word { return new(Attested) },
	nPiece:     func() Word { return new(Piece) },
	nRequests:  func() Word { return new(Requests) },
	nAlive:     func() Word { return new(Alive) },
	nDecided:   func() Word { return new(Decided) },
	nHappened:  func() Word { return new(Happened) },
	nHead:      func() Word { return new(Head) },
	nStatus:    func() Word { return new(Status) },
	nAnswered:  func() Word { return new(Answered) },
	nAsked:     func() Word { return new(Asked) },
	nLinked:    func() Word { return new(Linked) },
	nLensFrame: func() Word { return new(LensFrame) },
	nLensState: func() Word { return new(LensState) },
	nReady:     func() Word { return new(Ready) },
	nFault:     func() Word { return new(Fault) },
	nTimed:     func() Word { return new(Timed) },

	nKeyOpen:    func() Word { return new(KeyOpen) },
	nKeyBegin:   func() Word { return new(KeyBegin) },
	nKeyCommit:  func() Word { return new(KeyCommit) },
	nKeyGiven:   func() Word { return new(KeyGiven) },
	nKeyRefused: func() Word { return new(KeyRefused) },
	nStop:       func() Word { return new(Stop) },
	nLift:       func() Word { return new(Lift) },
	nObeyed:     func() Word { return new(Obeyed) },
	nLeft:       func() Word { return new(Left) },
	nFilled:     func() Word { return new(Filled) },
	nVouch:      func() Word { return new(Vouch) },
	nVaultTimes: func() Word { return new(VaultTimes) },
	nPaper:      func() Word { return new(Paper) },
	nMark:       func() Word { return new(Mark) },
	nShine:      func() Word { return new(Shine) },
	nEnd:        func() Word { return new(End) },
	nRenew:      func() Word { return new(Renew) },
	nSearching:  func() Word { return new(Searching) },
	nSearched:   func() Word { return new(Searched) },
	nGrown:      func() Word { return new(Grown) },
}

// Hello says, in any direction, that a room has just begun its life on this wire. Who hears it says again what a
// newcomer must know.
type Hello struct{}

func (*Hello) number() number  { return nHello }
func (*Hello) fields(c *codec) {}

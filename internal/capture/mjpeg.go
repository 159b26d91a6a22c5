package capture

import (
	"encoding/hex"
	"slices"
)

// standardHuffman is the marker segment with the four tables of ITU-T T.81 Annex K.3. Cameras that send MJPEG leave
// them out to save bytes; every such picture is coded with exactly these.
const standardHuffman = "" +
	"ffc401a20000010501010101010100000000000000000102030405060708090a0b100002010303020403050504040000" +
	"017d01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a2526" +
	"2728292a3435363738393a434445464748494a535455565758595a636465666768696a737475767778797a8384858687" +
	"88898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9da" +
	"e1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa0100030101010101010101010000000000000102030405060708090a" +
	"0b1100020102040403040705040400010277000102031104052131061241510761711322328108144291a1b1c1092333" +
	"52f0156272d10a162434e125f11718191a262728292a35363738393a434445464748494a535455565758595a63646566" +
	"6768696a737475767778797a82838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9ba" +
	"c2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa"

// withHuffman puts the standard tables before the scan of a picture that has none. Anything else comes back as it is,
// for the decoder to complain about.
func withHuffman(b []byte) []byte {
	for at := 2; at+4 <= len(b) && b[at] == 0xff; {
		switch b[at+1] {
		case 0xff: // fill byte
			at++
			continue
		case 0xc4: // tables
			return b
		case 0xda: // scan
			tables, err := hex.DecodeString(standardHuffman)
			if err != nil {
				panic("capture: internal error: " + err.Error())
			}
			return slices.Concat(b[:at], tables, b[at:])
		}
		at += 2 + int(b[at+2])<<8 + int(b[at+3])
	}
	return b
}

package demo

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"
)

// hunt looks for many needles at once: each is known by its first eight bytes.
type hunt struct {
	by    map[uint64][]needle
	first [1 << 16]bool // of the first two bytes, so that most places cost one look
	n     int
}

type needle struct {
	what  string
	bytes []byte
}

func newHunt() *hunt { return &hunt{by: map[uint64][]needle{}} }

func (h *hunt) add(what string, b []byte) {
	if len(b) < 8 || !varied(b) {
		return
	}
	k := binary.LittleEndian.Uint64(b)
	h.by[k] = append(h.by[k], needle{what, bytes.Clone(b)})
	h.first[binary.LittleEndian.Uint16(b)] = true
	h.n++
}

// varied refuses pieces that anything could hold.
func varied(b []byte) bool {
	var seen [256]bool
	kinds := 0
	for _, c := range b {
		if !seen[c] {
			seen[c] = true
			kinds++
		}
	}
	return kinds >= 6
}

// pieces adds whole as it travels: raw, hex, base64 at each of three alignments, compressed; in pieces of 16 bytes.
func (h *hunt) pieces(what string, whole []byte) {
	for at := 0; at+piece <= len(whole); at += piece {
		p := whole[at : at+piece]
		h.add(what, p)
		x := hex.EncodeToString(p)
		h.add(what+", hex", []byte(x))
		h.add(what+", HEX", []byte(strings.ToUpper(x)))
	}
	for shift := range 3 {
		moved := append(make([]byte, shift), whole...)
		for name, enc := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64 url": base64.RawURLEncoding} {
			text := []byte(enc.EncodeToString(moved))
			for at := 4; at+20 <= len(text)-4; at += 20 {
				h.add(what+", "+name, text[at:at+20])
			}
		}
	}
	for _, level := range []int{gzip.BestSpeed, gzip.DefaultCompression, gzip.BestCompression} {
		packed := gzipped(whole, level)
		for at := 20; at+piece <= len(packed)-8; at += piece {
			h.add(what+", gzip", packed[at:at+piece])
		}
	}
}

func gzipped(b []byte, level int) []byte {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, level)
	if err != nil {
		panic(err)
	}
	w.Write(b)
	w.Close()
	return out.Bytes()
}

// vector adds the numbers of a face in every form that a careless program could give them.
func (h *hunt) vector(what string, v []float32) {
	h.pieces(what+" as float32", float32s(v, false))
	h.pieces(what+" as float32, big endian", float32s(v, true))
	h.pieces(what+" as float64", float64s(v, false))
	h.pieces(what+" as float64, big endian", float64s(v, true))
	var largest float32
	for _, f := range v {
		largest = max(largest, float32(math.Abs(float64(f))))
	}
	for _, by := range []float32{127, 127 / largest} {
		q := make([]byte, len(v))
		for i, f := range v {
			q[i] = byte(int8(math.Round(float64(f * by))))
		}
		h.pieces(what+" as int8", q)
	}
	for _, f := range texts(v) {
		if len(f) >= 9 {
			h.add(what+" as text", []byte(f))
		}
	}
	for _, form := range []struct {
		verb byte
		prec int
		bits int
	}{{'g', -1, 32}, {'g', -1, 64}, {'f', 6, 64}, {'f', 4, 64}, {'e', -1, 32}, {'e', 6, 64}} {
		for _, between := range []string{" ", ",", ", ", "\n"} {
			for i := 0; i+3 <= len(v); i += 3 {
				var three []string
				for _, f := range v[i : i+3] {
					three = append(three, strconv.FormatFloat(float64(f), form.verb, form.prec, form.bits))
				}
				h.add(what+" as text", []byte(strings.Join(three, between)))
			}
		}
	}
}

// texts are the numbers as %g and %v print them.
func texts(v []float32) (all []string) {
	for _, f := range v {
		all = append(all, strconv.FormatFloat(float64(f), 'g', -1, 32))
	}
	return all
}

func float32s(v []float32, big bool) (b []byte) {
	for _, f := range v {
		if u := math.Float32bits(f); big {
			b = binary.BigEndian.AppendUint32(b, u)
		} else {
			b = binary.LittleEndian.AppendUint32(b, u)
		}
	}
	return b
}

func float64s(v []float32, big bool) (b []byte) {
	for _, f := range v {
		if u := math.Float64bits(float64(f)); big {
			b = binary.BigEndian.AppendUint64(b, u)
		} else {
			b = binary.LittleEndian.AppendUint64(b, u)
		}
	}
	return b
}

// unit scales as the keeper does when it takes a feature.
func unit(v [512]float32) [512]float32 {
	var sum float64
	for _, f := range v {
		sum += float64(f) * float64(f)
	}
	for i, f := range v {
		v[i] = float32(float64(f) / math.Sqrt(sum))
	}
	return v
}

// in names everything found in hay, and in whatever is compressed inside it.
func (h *hunt) in(hay []byte) (found []string) {
	for at := 0; at+8 <= len(hay); at++ {
		if h.first[binary.LittleEndian.Uint16(hay[at:])] {
			for _, n := range h.by[binary.LittleEndian.Uint64(hay[at:])] {
				if bytes.HasPrefix(hay[at:], n.bytes) {
					found = append(found, n.what)
				}
			}
		}
		if hay[at] == 0x1f && hay[at+1] == 0x8b && hay[at+2] == 8 {
			if r, err := gzip.NewReader(bytes.NewReader(hay[at:])); err == nil {
				r.Multistream(false)
				if inside, _ := io.ReadAll(io.LimitReader(r, 1<<22)); len(inside) > 0 && len(inside) < 1<<22 {
					found = append(found, h.in(inside)...)
				}
			}
		}
	}
	return found
}

// marks is everything that must not be found.
func marks() *hunt {
	h := newHunt()
	sent := vector(markedSeed)
	taken := unit(sent)
	var mean [512]float32
	for range 5 {
		for i, f := range taken {
			mean[i] += f
		}
	}
	mean = unit(mean)
	for what, v := range map[string][512]float32{"the template as sent": sent, "as taken": taken, "as enrolled": mean} {
		h.vector(what, v[:])
	}
	h.pieces("the picture", markedPicture())
	return h
}

// The search must be able to find, or it proves nothing.
func TestASearchFindsWhatIsPlanted(t *testing.T) {
	h := marks()
	v := vector(markedSeed)
	le := float32s(v[:], false)
	noise := bytes.Repeat([]byte("time=2026-01-01 level=INFO msg=\"nothing here\" took=0.0123\n"), 50)
	quarter := le[512:1024]
	for name, planted := range map[string][]byte{
		"float32":                   quarter,
		"float32 at an odd place":   append([]byte("x"), quarter...),
		"float32 big endian":        float32s(v[40:60], true),
		"float64":                   float64s(v[40:60], false),
		"float64 big endian":        float64s(v[40:60], true),
		"one %g":                    fmt.Appendf(nil, "score=%g", v[7]),
		"%v of a slice":             fmt.Appendf(nil, "%v", v[90:110]),
		"%v of float64":             fmt.Appendf(nil, "%v", []float64{float64(v[30]), float64(v[31]), float64(v[32])}),
		"%f":                        fmt.Appendf(nil, "[%f %f %f]", v[3], v[4], v[5]),
		"JSON":                      fmt.Appendf(nil, "[%g,%g,%g]", v[300], v[301], v[302]),
		"hex":                       []byte(hex.EncodeToString(quarter)),
		"HEX":                       []byte(strings.ToUpper(hex.EncodeToString(quarter))),
		"base64":                    []byte(base64.StdEncoding.EncodeToString(quarter)),
		"base64 after one byte":     []byte(base64.StdEncoding.EncodeToString(append([]byte{1}, quarter...))),
		"base64 after two bytes":    []byte(base64.URLEncoding.EncodeToString(append([]byte{1, 2}, quarter...))),
		"gzip":                      gzipped(le, gzip.DefaultCompression),
		"gzip of more than this":    gzipped(append([]byte("header"), quarter...), gzip.DefaultCompression),
		"a piece of the picture":    markedPicture()[640:720],
		"the picture in hex":        []byte(hex.EncodeToString(markedPicture()[640:720])),
		"the picture in a data URL": []byte("data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(markedPicture())),
		"int8": func() (q []byte) {
			for _, f := range v[64:128] {
				q = append(q, byte(int8(math.Round(float64(f*127)))))
			}
			return q
		}(),
	} {
		if found := h.in(append(append(bytes.Clone(noise), planted...), noise...)); len(found) == 0 {
			t.Errorf("%s was planted and not found", name)
		}
	}
	if found := h.in(noise); len(found) > 0 {
		t.Errorf("found %q in noise", found)
	}
}

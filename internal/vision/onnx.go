package vision

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// An ONNX file is a Protocol Buffers message (onnx.proto3 of the ONNX project): model.graph is field 7; of the graph,
// nodes are field 1, inputs 11, outputs 12; of a node, inputs are field 1, outputs 2, the operator 4.
const (
	modelGraph, graphNode, graphInput, graphOutput = 7, 1, 11, 12
	nodeInput, nodeOutput, nodeOperator            = 1, 2, 4
	wireVarint, wireBytes                          = 0, 2
)

// A field of a message: its number, its content where that is bytes, and all of it as it stands.
type field struct {
	number    uint64
	body, raw []byte
}

var errNoONNX = errors.New("the model is not an ONNX file")

func fields(b []byte) ([]field, error) {
	var all []field
	for len(b) > 0 {
		tag, n := binary.Uvarint(b)
		if n <= 0 {
			return nil, errNoONNX
		}
		f := field{number: tag >> 3}
		from, size := n, uint64(0)
		switch tag & 7 {
		case wireVarint:
			_, n := binary.Uvarint(b[from:])
			size = uint64(max(n, 0))
			if n <= 0 {
				return nil, errNoONNX
			}
		case 1:
			size = 8
		case 5:
			size = 4
		case wireBytes:
			if size, n = binary.Uvarint(b[from:]); n <= 0 {
				return nil, errNoONNX
			}
			from += n
		default:
			return nil, errNoONNX
		}
		if size > uint64(len(b)-from) {
			return nil, errNoONNX
		}
		end := from + int(size)
		f.body, f.raw, b = b[from:end], b[:end], b[end:]
		all = append(all, f)
	}
	return all, nil
}

func number(to []byte, field, v uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(to, field<<3|wireVarint), v)
}

func text[T string | []byte](to []byte, field uint64, v T) []byte {
	return append(binary.AppendUvarint(binary.AppendUvarint(to, field<<3|wireBytes), uint64(len(v))), v...)
}

// value is a ValueInfoProto: a tensor of floats, of this shape.
func value(name string, shape ...int) []byte {
	var dims []byte
	for _, d := range shape {
		dims = text(dims, 1, number(nil, 1, uint64(d)))
	}
	tensor := text(number(nil, 1, 1), 2, dims)
	return text(text(nil, 1, name), 2, text(nil, 1, tensor))
}

// A node of the graph: what it does, from what to what.
type node struct {
	operator        string
	inputs, outputs []string
}

func readNode(b []byte) (node, error) {
	all, err := fields(b)
	var n node
	for _, f := range all {
		switch f.number {
		case nodeInput:
			n.inputs = append(n.inputs, string(f.body))
		case nodeOutput:
			n.outputs = append(n.outputs, string(f.body))
		case nodeOperator:
			n.operator = string(f.body)
		}
	}
	return n, err
}

// beheaded is the model for another size of input, without what comes after its heads: the convolutions whose answers
// are then put in another order (Transpose), in the order in which they stand in the file. What follows them in the file
// is bound to one size, costs half a millisecond, and is done here for the few places that hold a face instead of all.
// The bytes were checked against the manifest before.
func beheaded(model []byte, channels, height, width int) (cut []byte, heads []string, err error) {
	top, err := fields(model)
	if err != nil {
		return nil, nil, err
	}
	for _, f := range top {
		if f.number != modelGraph {
			cut = append(cut, f.raw...)
			continue
		}
		var graph []byte
		if graph, heads, err = cutGraph(f.body, value("input", 1, channels, height, width)); err != nil {
			return nil, nil, err
		}
		cut = text(cut, modelGraph, graph)
	}
	if len(heads) == 0 {
		return nil, nil, fmt.Errorf("%w with the heads of a detector", errNoONNX)
	}
	return cut, heads, nil
}

func cutGraph(b, input []byte) (graph []byte, heads []string, err error) {
	all, err := fields(b)
	if err != nil {
		return nil, nil, err
	}
	nodes := make([]node, len(all))
	from := map[string]int{} // which node makes it
	for i, f := range all {
		if f.number != graphNode {
			continue
		}
		if nodes[i], err = readNode(f.body); err != nil {
			return nil, nil, err
		}
		for _, o := range nodes[i].outputs {
			from[o] = i
		}
		if nodes[i].operator == "Transpose" && len(nodes[i].inputs) == 1 {
			heads = append(heads, nodes[i].inputs[0])
		}
	}
	needed := map[int]bool{}
	for open := append([]string(nil), heads...); len(open) > 0; {
		name := open[len(open)-1]
		open = open[:len(open)-1]
		if i, made := from[name]; made && !needed[i] {
			needed[i] = true
			open = append(open, nodes[i].inputs...)
		}
	}
	for i, f := range all {
		switch {
		case f.number == graphNode && !needed[i], f.number == graphOutput:
		case f.number == graphInput:
			graph = text(graph, graphInput, input)
		default:
			graph = append(graph, f.raw...)
		}
	}
	for _, h := range heads {
		graph = text(graph, graphOutput, value(h))
	}
	return graph, heads, nil
}

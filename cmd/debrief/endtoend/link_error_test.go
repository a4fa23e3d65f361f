package endtoend_test

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/Shopify/toxiproxy/v2/stream"
	"github.com/Shopify/toxiproxy/v2/toxics"
)

// errorToxic has a store answer that something went wrong, whatever it did: to one request in so many.
type errorToxic struct {
	Every int `json:"every"`
}

// Pipe implements [toxics.Toxic].
func (e *errorToxic) Pipe(stub *toxics.ToxicStub) {
	var pending []byte
	for count := 1; ; {
		select {
		case <-stub.Interrupt:
			stub.Output <- &stream.StreamChunk{Data: pending}
			return
		case chunk := <-stub.Input:
			if chunk == nil {
				stub.Close()
				return
			}
			pending = append(pending, chunk.Data...)
			for isWhole(pending) {
				message := slices.Clone(pending[:binary.LittleEndian.Uint32(pending)])
				pending = pending[len(message):]
				if isAnswer(message) {
					if count++; count%e.Every == 0 {
						message = errorAnswer(message)
					}
				}
				stub.Output <- &stream.StreamChunk{Data: message, Timestamp: chunk.Timestamp}
			}
		}
	}
}

// The messages of MongoDB's protocol: https://github.com/mongodb/specifications/blob/master/source/message/OP_MSG.md
const (
	messageHeader = 16
	opMessage     = 2013
)

// isWhole says whether there is all of a message at the beginning.
func isWhole(bytes []byte) bool {
	return len(bytes) >= messageHeader && len(bytes) >= int(binary.LittleEndian.Uint32(bytes))
}

// isAnswer says whether it is one answer to one request, and not one of a stream.
func isAnswer(message []byte) bool {
	return binary.LittleEndian.Uint32(message[12:]) == opMessage && binary.LittleEndian.Uint32(message[messageHeader:]) == 0
}

// errorAnswer is an answer to the same request: {ok: 0, code: 1, errmsg: …}.
func errorAnswer(message []byte) []byte {
	const text = "the file 127.0.0.1:/var/lib/mongodb/data can't be read"
	fields := append([]byte{0x01}, "ok\x00"...)
	fields = binary.LittleEndian.AppendUint64(fields, math.Float64bits(0))
	fields = append(append(fields, 0x10), "code\x00"...)
	fields = binary.LittleEndian.AppendUint32(fields, 1)
	fields = append(append(fields, 0x02), "errmsg\x00"...)
	fields = binary.LittleEndian.AppendUint32(fields, uint32(len(text)+1))
	fields = append(append(fields, text...), 0)

	const flagsAndKind = 5
	document := binary.LittleEndian.AppendUint32(nil, uint32(4+len(fields)+1))
	answer := slices.Concat(message[:messageHeader], make([]byte, flagsAndKind), document, fields, []byte{0})
	binary.LittleEndian.PutUint32(answer, uint32(len(answer)))
	return answer
}

package console

import "testing"

func TestQueue(t *testing.T) {
	var q Queue
	var p [3000]byte
	in, out := 0, 0
	for round := range 10 {
		for range 2500 {
			q.Put(byte(in))
			in++
		}
		n := q.Take(p[:])
		for _, b := range p[:n] {
			if b != byte(out) {
				t.Fatalf("round %d: byte %d is %d", round, out, b)
			}
			out++
		}
	}
	if in != out || q.Dropped != 0 || q.Len() != 0 {
		t.Errorf("%d in, %d out, %d dropped", in, out, q.Dropped)
	}
	for range 5000 {
		q.Put('x')
	}
	if q.Dropped != 5000-4096 || q.Len() != 4096 || q.Room() != 0 {
		t.Errorf("%d dropped, %d kept", q.Dropped, q.Len())
	}
}

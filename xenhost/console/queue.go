package console

// Queue is bytes that came in and were not read so far.
type Queue struct {
	bytes      [4096]byte
	head, tail uint32 // of what is in it; they run on and wrap around
	// Dropped counts the bytes for which there was no room.
	Dropped uint64
}

// Len answers how many bytes are there.
func (q *Queue) Len() int { return int(q.tail - q.head) }

// Room answers how many more fit.
func (q *Queue) Room() int { return len(q.bytes) - q.Len() }

// Put adds a byte.
func (q *Queue) Put(b byte) {
	if q.Room() == 0 {
		q.Dropped++
		return
	}
	q.bytes[q.tail%uint32(len(q.bytes))] = b
	q.tail++
}

// Take moves bytes into p and answers how many.
func (q *Queue) Take(p []byte) int {
	n := min(len(p), q.Len())
	for i := range p[:n] {
		p[i] = q.bytes[q.head%uint32(len(q.bytes))]
		q.head++
	}
	return n
}

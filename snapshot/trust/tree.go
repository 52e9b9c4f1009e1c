package trust

import (
	"crypto/sha256"
	"hash"
)

// leafSize is how many bytes of an image a leaf of the tree covers.
const leafSize = 1 << 20

// tree computes the root of a binary tree of hashes over bytes that come in order:
//
//	leaf = SHA-256(0, bytes), node = SHA-256(1, left, right)
//
// A tree of n leaves has on its left the largest complete tree that is smaller; one
// without bytes has one leaf without bytes. Leaf and node begin differently, so that no node is
// a leaf of other bytes.
type tree struct {
	leaf   hash.Hash
	filled int      // bytes of the leaf
	stack  [][]byte // roots of complete trees, the largest first
	leaves int
}

func newTree() *tree {
	t := &tree{leaf: sha256.New()}
	t.begin()
	return t
}

func (t *tree) begin() {
	t.leaf.Reset()
	t.leaf.Write([]byte{0})
	t.filled = 0
}

// Write takes bytes; it never fails.
func (t *tree) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		part := b[:min(len(b), leafSize-t.filled)]
		t.leaf.Write(part)
		t.filled += len(part)
		b = b[len(part):]
		if t.filled == leafSize {
			t.end()
		}
	}
	return n, nil
}

// end completes a leaf, and all trees that are complete with it.
func (t *tree) end() {
	t.stack = append(t.stack, t.leaf.Sum(nil))
	t.leaves++
	for n := t.leaves; n%2 == 0; n /= 2 {
		t.join()
	}
	t.begin()
}

// join makes one tree of the last two.
func (t *tree) join() {
	last := len(t.stack) - 1
	h := sha256.New()
	h.Write([]byte{1})
	h.Write(t.stack[last-1])
	h.Write(t.stack[last])
	t.stack = append(t.stack[:last-1], h.Sum(nil))
}

// root answers the root. Nothing can be written afterwards.
func (t *tree) root() []byte {
	if t.filled > 0 || t.leaves == 0 {
		t.end()
	}
	for len(t.stack) > 1 {
		t.join()
	}
	return t.stack[0]
}

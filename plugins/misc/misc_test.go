package misc

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/sista-vm/sista/plugin"
	"github.com/sista-vm/sista/plugin/plugintest"
)

const name = "MiscPrimitivePlugin"

func identity() []byte {
	b := make([]byte, 256)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

// caseless maps capitals to small letters.
func caseless() []byte {
	b := identity()
	for c := 'A'; c <= 'Z'; c++ {
		b[c] = byte(c) + 32
	}
	return b
}

func TestStringHash(t *testing.T) {
	v := plugintest.New(t, Module)
	for _, c := range []struct {
		s       string
		initial int
		want    int
	}{
		{"", 5, 5},
		{"a", 0, 97 * 1664525 & 0xFFFFFFF},
		{"ab", 0, (97*1664525 + 98) * 1664525 & 0xFFFFFFF},
		{"", 1<<40 + 3, 3},
		{"", -1, 0xFFFFFFF},
	} {
		if got := v.Do(name, "primitiveStringHash", nil, c.s, c.initial); got != c.want {
			t.Errorf("hash of %q from %d is %v, want %d", c.s, c.initial, got, c.want)
		}
		if got := v.Do(name, "primitiveStringHash", c.s, c.initial); got != c.want {
			t.Errorf("hash of the receiver %q is %v, want %d", c.s, got, c.want)
		}
	}
	v.Fails(plugin.BadArgument, name, "primitiveStringHash", nil, []any{1}, 0)
	v.Fails(plugin.BadArgument, name, "primitiveStringHash", nil, "a", nil)
}

func TestCompareString(t *testing.T) {
	v := plugintest.New(t, Module)
	for _, c := range []struct {
		a, b  string
		order []byte
		want  int
	}{
		{"abc", "abd", identity(), 1}, {"abc", "abc", identity(), 2}, {"abd", "abc", identity(), 3},
		{"ab", "abc", identity(), 1}, {"abc", "ab", identity(), 3}, {"", "", identity(), 2},
		{"aBc", "AbC", caseless(), 2}, {"aBc", "AbC", identity(), 3},
	} {
		if got := v.Do(name, "primitiveCompareString", nil, c.a, c.b, c.order); got != c.want {
			t.Errorf("%q and %q compare as %v, want %d", c.a, c.b, got, c.want)
		}
	}
	v.Fails(plugin.BadArgument, name, "primitiveCompareString", nil, "a", "b", []byte("short"))
	v.Fails(plugin.BadArgument, name, "primitiveCompareString", nil, "a", []uint16{1}, identity())
}

func TestTranslate(t *testing.T) {
	v := plugintest.New(t, Module)
	s := v.Oop("HELLO")
	v.Do(name, "primitiveTranslateStringWithTable", nil, s, 2, 4, caseless())
	if got := v.Go(s); got != "HellO" {
		t.Errorf("translated to %q", got)
	}
	v.Do(name, "primitiveTranslateStringWithTable", nil, s, 4, 3, caseless())
	v.Fails(plugin.BadIndex, name, "primitiveTranslateStringWithTable", nil, s, 0, 4, caseless())
	v.Fails(plugin.BadIndex, name, "primitiveTranslateStringWithTable", nil, s, 1, 6, caseless())
	v.Heap().SetImmutable(s, true)
	v.Fails(plugin.NoModification, name, "primitiveTranslateStringWithTable", nil, s, 1, 4, caseless())
}

func TestSearches(t *testing.T) {
	v := plugintest.New(t, Module)
	set := make([]byte, 256)
	set['o'], set['w'] = 1, 1
	for _, c := range []struct {
		primitive string
		args      []any
		want      int
	}{
		{"primitiveFindFirstInString", []any{"hello world", set, 1}, 5},
		{"primitiveFindFirstInString", []any{"hello world", set, 6}, 7},
		{"primitiveFindFirstInString", []any{"hello world", set, 9}, 0},
		{"primitiveFindFirstInString", []any{"hello world", set, 99}, 0},
		{"primitiveFindFirstInString", []any{"hello world", set[:255], 1}, 0},
		{"primitiveFindSubstring", []any{"wor", "hello world", 1, identity()}, 7},
		{"primitiveFindSubstring", []any{"WOR", "hello world", 1, identity()}, 0},
		{"primitiveFindSubstring", []any{"WOR", "hello world", 1, caseless()}, 7},
		{"primitiveFindSubstring", []any{"l", "hello", 4, identity()}, 4},
		{"primitiveFindSubstring", []any{"l", "hello", 5, identity()}, 0},
		{"primitiveFindSubstring", []any{"l", "hello", -3, identity()}, 3},
		{"primitiveFindSubstring", []any{"", "hello", 1, identity()}, 0},
		{"primitiveFindSubstring", []any{"hello!", "hello", 1, identity()}, 0},
		{"primitiveIndexOfAsciiInString", []any{'l', "hello", 1}, 3},
		{"primitiveIndexOfAsciiInString", []any{'l', "hello", 4}, 4},
		{"primitiveIndexOfAsciiInString", []any{'l', "hello", 5}, 0},
		{"primitiveIndexOfAsciiInString", []any{'l', "hello", 50}, 0},
		{"primitiveIndexOfAsciiInString", []any{'l' + 256, "hello", 1}, 0},
	} {
		for i, a := range c.args {
			if r, ok := a.(rune); ok {
				c.args[i] = int(r)
			}
		}
		if got := v.Do(name, c.primitive, nil, c.args...); got != c.want {
			t.Errorf("%s %v is %v, want %d", c.primitive, c.args[:2], got, c.want)
		}
	}
	v.Fails(plugin.BadIndex, name, "primitiveFindFirstInString", nil, "a", set, 0)
	v.Fails(plugin.BadIndex, name, "primitiveIndexOfAsciiInString", nil, 65, "a", 0)
}

func TestRunsOfBitmap(t *testing.T) {
	v := plugintest.New(t, Module)
	want := []byte{
		7,                   // words
		2*4 + 2, 0, 0, 0, 7, // two of 7
		1*4 + 1, 1, // one of four times the same byte
		2*4 + 3, 0, 0, 0, 1, 0, 0, 0, 2, // two different
		2*4 + 2, 0, 0, 0, 3,
	}
	out := v.Oop(make([]byte, 7*4+7))
	if n := v.Do(name, "primitiveCompressToByteArray", nil, []uint32{7, 7, 0x01010101, 1, 2, 3, 3}, out); n != len(want) {
		t.Errorf("compressed to %v bytes, want %d", n, len(want))
	}
	if b := v.Go(out).([]byte)[:len(want)]; !reflect.DeepEqual(b, want) {
		t.Errorf("compressed to %v, want %v", b, want)
	}
	r := rand.New(rand.NewPCG(5, 6))
	for _, size := range []int{0, 1, 2, 55, 56, 57, 223, 224, 2000, 7935, 7936, 20000} {
		words := make([]uint32, size)
		for i := range words {
			switch r.IntN(10) {
			case 0:
				words[i] = r.Uint32()
			case 1:
				words[i] = uint32(r.IntN(3)) * 0x01010101
			default:
				if i > 0 {
					words[i] = words[i-1]
				}
			}
			if size == 20000 && i > 0 {
				words[i] = words[0] // one long run
			}
		}
		packed := v.Oop(make([]byte, size*4+7+size/1984*3))
		n := v.Do(name, "primitiveCompressToByteArray", nil, words, packed).(int)
		header := 1
		if size > 223 {
			header = 2
		}
		if size > 7935 {
			header = 5
		}
		back := v.Oop(make([]uint32, size))
		data := v.Go(packed).([]byte)[:n]
		v.Do(name, "primitiveDecompressFromByteArray", nil, back, data, header+1)
		if got := v.Go(back); !reflect.DeepEqual(got, words) {
			t.Errorf("%d words come back changed", size)
		}
		if size > 0 {
			v.Fails(plugin.BadIndex, name, "primitiveDecompressFromByteArray", nil, make([]uint32, size-1), data, header+1)
			v.Fails(plugin.BadIndex, name, "primitiveDecompressFromByteArray", nil, back, data[:n-1], header+1)
		}
	}
	v.Fails(plugin.Unsupported, name, "primitiveCompressToByteArray", nil, []uint32{1, 2}, make([]byte, 14))
}

func TestConvert8BitSigned(t *testing.T) {
	v := plugintest.New(t, Module)
	buffer := v.Oop([]uint16{9, 9, 9, 9})
	v.Do(name, "primitiveConvert8BitSigned", nil, []byte{1, 127, 128}, buffer)
	if got := buffer.Words16(); !reflect.DeepEqual(got[:4], []uint16{0x100, 0x7F00, 0x8000, 9}) {
		t.Errorf("samples are %x", got)
	}
	v.Fails(plugin.BadArgument, name, "primitiveConvert8BitSigned", nil, make([]byte, 5), buffer)
}

func TestFuzzArguments(t *testing.T) { plugintest.Fuzz(t, Module, 3000, nil) }

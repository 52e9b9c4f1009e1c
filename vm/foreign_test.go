package vm

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sista-vm/sista/image"
	"github.com/sista-vm/sista/interp"
)

// foreign answers the path of an image that others made, beside the repository.
func foreign(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join("..", "..", "shared", "images", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("the image is not here: %v", err)
	}
	return path
}

func TestCandleSend(t *testing.T) {
	ctx := timeLimit(t)
	v := open(t, Config{Image: foreign(t, "candle64.image"), MaxHeap: 256 << 20})
	for _, c := range []struct {
		receiver any
		selector string
		args     []any
		want     int64
	}{
		{28, "benchFib", nil, 1028457},
		{3, "+", []any{4}, 7},
		{1 << 60, "*", []any{2}, 1 << 61},
		{"abc", "size", nil, 3},
		{[]any{1, 2}, "size", nil, 2},
	} {
		x, err := v.Send(ctx, c.receiver, c.selector, c.args...)
		if err != nil {
			t.Errorf("%v %s answers %v", c.receiver, c.selector, err)
			continue
		}
		if got, err := x.Int(); got != c.want || err != nil {
			t.Errorf("%v %s answers %d, %v; want %d", c.receiver, c.selector, got, err, c.want)
		}
	}
	for _, c := range []struct{ source, want, err string }{
		{source: "3", want: "3"},
		{source: "| a | a := 20 benchFib. a + 1", want: "21892"},
		{source: "#(1 $a 'text' (2)) size + 'abc' size", want: "7"},
		{source: "1 to: 5 do: [:i | i]. 12345678901234567890 - 12345678901234567888", want: "2"},
		{source: "(PCArray new: 7) size", want: "7"},
		{source: "3 +", err: "expected"},
		{source: "NoSuchGlobal foo", err: "NoSuchGlobal"},
		{source: "3 noSuchSelectorAnywhere", err: "no symbol"},
	} {
		x, err := v.Eval(ctx, c.source)
		if err != nil {
			if c.err == "" || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s answers %v", c.source, err)
			}
			continue
		}
		if got, err := x.Int(); c.err != "" || strconv.FormatInt(got, 10) != c.want || err != nil {
			t.Errorf("%s answers %d, %v, not %s", c.source, got, err, c.want)
		}
	}
	if _, err := v.Send(ctx, 3, "noSuchSelectorAnywhere"); err == nil || !strings.Contains(err.Error(), "no symbol") {
		t.Errorf("an unknown selector answers %v", err)
	}
	if ok, err := v.Interruptible(); ok || err != nil {
		t.Errorf("Interruptible answers %v, %v", ok, err)
	}
	if err := v.ShutDown(ctx); !errors.Is(err, ErrNoShutDown) {
		t.Errorf("ShutDown answers %v", err)
	}
}

func TestCandleCancel(t *testing.T) {
	v := open(t, Config{Image: foreign(t, "candle64.image"), MaxHeap: 256 << 20})
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := v.Send(ctx, 60, "benchFib"); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("it ends with %v", err)
	}
	x, err := v.Send(timeLimit(t), 20, "benchFib")
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := x.Int(); got != 21891 {
		t.Errorf("20 benchFib is %d", got)
	}
}

// TestCandleStart runs the image's own start method. Its errors recurse for ever; a
// limit of the heap ends that.
func TestCandleStart(t *testing.T) {
	var out, errs bytes.Buffer
	v := open(t, Config{Image: foreign(t, "candle64.image"), MaxHeap: 64 << 20, Stdout: &out, Stderr: &errs})
	code, err := v.Run(timeLimit(t))
	var f *interp.Fatal
	var e *Error
	switch {
	case err == nil:
		t.Logf("the image quit with %d", code)
	case errors.As(err, &f) && errors.As(err, &e) && e.Stack != "":
		t.Logf("%v", err)
	default:
		t.Errorf("it ends with %v", err)
	}
}

func TestOldFormat(t *testing.T) {
	_, err := Open(Config{Image: foreign(t, "headless32.image")})
	var e *image.Error
	if !errors.As(err, &e) || !strings.Contains(err.Error(), "32-bit") || !strings.Contains(err.Error(), "6521") {
		t.Errorf("the error is %v", err)
	}
}

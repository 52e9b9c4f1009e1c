package vm

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/plugin"
)

var cacheDirOfTests string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "sista-vm-test")
	if err != nil {
		panic(err)
	}
	cacheDirOfTests = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// timeLimit ends what would hang.
func timeLimit(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func open(t testing.TB, c Config) *VM {
	t.Helper()
	if c.CacheDir == "" {
		c.CacheDir = cacheDirOfTests
	}
	v, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := v.Close(); err != nil {
			t.Error(err)
		}
	})
	return v
}

// evalGo evaluates and answers the Go value.
func evalGo(t testing.TB, v *VM, source string) any {
	t.Helper()
	x, err := v.Eval(context.Background(), source)
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	g, err := x.Go()
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	return g
}

func TestEval(t *testing.T) {
	v := open(t, Config{})
	large, _ := new(big.Int).SetString("-93326215443944152681699238856266700490715968264381621468592963895217599993229915608941463976156518286253697920827223758251185210916864000000000000000000000000", 10)
	for source, want := range map[string]any{
		"":                           nil,
		"nil":                        nil,
		"3 > 4":                      false,
		"6 * 7":                      int64(42),
		"1 << 62":                    int64(1) << 62,
		"100 factorial negated":      large,
		"1/3":                        big.NewRat(1, 3),
		"1.5e300":                    1.5e300,
		"0.1":                        0.1,
		"$a":                         Character('a'),
		"'Zürich'":                   "Zürich",
		"'λ', 'x'":                   "λx",
		"#at:put:":                   Symbol("at:put:"),
		"#[1 2 255]":                 []byte{1, 2, 255},
		"{1. 'a'. #b. #($c (true))}": []any{int64(1), "a", Symbol("b"), []any{Character('c'), []any{true}}},
		"| a | a := 3. a * a":        int64(9),
	} {
		if got := evalGo(t, v, source); !reflect.DeepEqual(got, want) {
			t.Errorf("%s answers %#v, want %#v", source, got, want)
		}
	}
	o, ok := evalGo(t, v, "Object new").(*Value)
	if !ok || o.Class() != "Object" {
		t.Errorf("an object is %v", o)
	}
	evalGo(t, v, "counter := 1")
	if got := evalGo(t, v, "counter := counter + 1"); got != int64(2) {
		t.Errorf("a variable is %v after two statements, want 2", got)
	}
}

// TestRoundTrip sends Go values there and back.
func TestRoundTrip(t *testing.T) {
	v := open(t, Config{})
	ctx := timeLimit(t)
	huge := new(big.Int).Lsh(big.NewInt(1), 200)
	type celsius float32
	for _, c := range []struct {
		in, want any
		class    string
	}{
		{nil, nil, "UndefinedObject"},
		{true, true, "True"},
		{false, false, "False"},
		{-5, int64(-5), "SmallInteger"},
		{int8(-5), int64(-5), "SmallInteger"},
		{uint16(65535), int64(65535), "SmallInteger"},
		{int64(math.MinInt64), int64(math.MinInt64), "LargeNegativeInteger"},
		{uint64(math.MaxUint64), new(big.Int).SetUint64(math.MaxUint64), "LargePositiveInteger"},
		{huge, huge, "LargePositiveInteger"},
		{big.NewInt(7), int64(7), "SmallInteger"},
		{big.NewRat(-2, 6), big.NewRat(-1, 3), "Fraction"},
		{big.NewRat(4, 2), int64(2), "SmallInteger"},
		{2.5, 2.5, "SmallFloat64"},
		{math.Inf(-1), math.Inf(-1), "BoxedFloat64"},
		{celsius(0.5), 0.5, "SmallFloat64"},
		{"", "", "ByteString"},
		{"a\xffb", "a\ufffdb", "WideString"},
		{"naïve", "naïve", "ByteString"},
		{"日本", "日本", "WideString"},
		{Symbol("foo:bar:"), Symbol("foo:bar:"), "ByteSymbol"},
		{Symbol("neverSeenBefore1"), Symbol("neverSeenBefore1"), "ByteSymbol"},
		{Character('x'), Character('x'), "Character"},
		{Character(0x1F600), Character(0x1F600), "Character"},
		{[]byte{0, 200}, []byte{0, 200}, "ByteArray"},
		{[]any{}, []any{}, "Array"},
		{[]any{1, "a", []any{nil}}, []any{int64(1), "a", []any{nil}}, "Array"},
		{[]string{"a", "b"}, []any{"a", "b"}, "Array"},
		{[2]float64{1, 2}, []any{1.0, 2.0}, "Array"},
	} {
		x, err := v.FromGo(c.in)
		if err != nil {
			t.Errorf("%#v: %v", c.in, err)
			continue
		}
		got, err := x.Go()
		if err != nil || !reflect.DeepEqual(got, c.want) || x.Class() != c.class {
			t.Errorf("%#v becomes %s, %#v, %v; want %s, %#v", c.in, x.Class(), got, err, c.class, c.want)
		}
		back, err := v.Send(ctx, x, "yourself")
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := back.Go(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%#v comes back as %#v", c.in, got)
		}
	}
	for _, bad := range []any{struct{}{}, func() {}, []any{1, make(chan int)}, Character(-1), Character(1 << 30)} {
		if _, err := v.FromGo(bad); err == nil {
			t.Errorf("a %T became an object", bad)
		}
	}
}

func TestSend(t *testing.T) {
	v := open(t, Config{})
	ctx := timeLimit(t)
	sum, err := v.Send(ctx, 3, "+", 4)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := sum.Int(); n != 7 || err != nil {
		t.Errorf("3 + 4 is %d, %v", n, err)
	}
	class, err := v.Global(ctx, "OrderedCollection")
	if err != nil {
		t.Fatal(err)
	}
	list, err := class.Send(ctx, "new")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 1000 {
		x, err := list.Send(ctx, "add:", i)
		if err != nil {
			t.Fatal(err)
		}
		x.Release()
	}
	evalGo(t, v, "Smalltalk garbageCollect")
	if s, err := list.Send(ctx, "inject:into:", 0, must(v.Eval(ctx, "[:a :b | a + b]"))); err != nil {
		t.Error(err)
	} else if n, _ := s.Int(); n != 999*500 {
		t.Errorf("the sum is %d", n)
	}
	if s, err := list.Print(ctx); err != nil || !strings.HasPrefix(s, "an OrderedCollection(0 1 2") {
		t.Errorf("it prints as %q, %v", s, err)
	}
	_, err = v.Send(ctx, 3, "noSuchMessage:with:", 1, 2)
	var e *Error
	if !errors.As(err, &e) || e.Class != "MessageNotUnderstood" {
		t.Errorf("an unknown message answers %v", err)
	}
	list.Release()
	if _, err := list.Send(ctx, "size"); err == nil {
		t.Error("a released value was sent a message")
	}
	if _, err := v.Global(ctx, "NoSuchClass"); err == nil {
		t.Error("an unknown global was found")
	}
}

func must(x *Value, err error) *Value {
	if err != nil {
		panic(err)
	}
	return x
}

func TestWrongKind(t *testing.T) {
	v := open(t, Config{})
	x := must(v.Eval(context.Background(), "'abc'"))
	_, err1 := x.Int()
	_, err2 := x.Float()
	_, err3 := x.Bool()
	_, err4 := x.Elements()
	_, err5 := must(v.Eval(context.Background(), "#[65]")).Text()
	for _, err := range []error{err1, err2, err3, err4, err5} {
		if err == nil || !strings.Contains(err.Error(), "is wanted, not an instance of Byte") {
			t.Errorf("the error is %v", err)
		}
	}
}

func TestErrors(t *testing.T) {
	v := open(t, Config{})
	ctx := timeLimit(t)
	for source, want := range map[string]Error{
		"3/0":                              {"ZeroDivide", "division by zero", "DoIt (line 1)", nil},
		"nil foo":                          {"MessageNotUnderstood", "nil does not understand #foo", "DoIt (line 1)", nil},
		"self error: 'so'":                 {"Error", "so", "DoIt", nil},
		"#() first":                        {"", "", "Array", nil},
		"3 + ":                             {"SyntaxError", "expected the argument of +", "", nil},
		"foo := [:x | ":                    {"SyntaxError", "1:14", "", nil},
		"[3/0] ensure: [e := 5]":           {"ZeroDivide", "", "[] in DoIt", nil},
		"#(1 2) do: [:x | x / 0]":          {"ZeroDivide", "", "do:", nil},
		"(Smalltalk at: #Object) new: 'x'": {"", "", "new:", nil},
	} {
		_, err := v.Eval(ctx, source)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s answers %v", source, err)
			continue
		}
		if want.Class != "" && e.Class != want.Class || !strings.Contains(e.Message, want.Message) || !strings.Contains(e.Stack, want.Stack) {
			t.Errorf("%s answers\n%s\n%s\nwant %+v", source, e, e.Stack, want)
		}
	}
	if got := evalGo(t, v, "e"); got != int64(5) {
		t.Errorf("the ensure block left %v", got)
	}
	// So did this one say that it will not answer.
	_, err := v.Eval(ctx, "Processor activeProcess terminate")
	var cut *Error
	if !errors.As(err, &cut) || cut.Class != "ProcessTerminated" {
		t.Errorf("a call that ends its process answers %v", err)
	}
	// An error in a process nobody waits for ends that process only.
	evalGo(t, v, "[1/0] fork. Processor yield")
	if got := evalGo(t, v, "3"); got != int64(3) {
		t.Errorf("later 3 is %v", got)
	}
}

func TestStreamsAndArguments(t *testing.T) {
	var out, errs bytes.Buffer
	v := open(t, Config{
		Stdin: strings.NewReader("one\ntwo\n"), Stdout: &out, Stderr: &errs, Args: []string{"a", "é"},
		Env: host.Environment{Lookup: func(name string) (string, bool) { return "value of " + name, name == "X" }},
	})
	evalGo(t, v, "Transcript showCr: 'grüezi'; flush. FileStream stdout nextPutAll: 'x'; flush")
	if got := out.String(); got != "grüezi\nx" {
		t.Errorf("standard output has %q", got)
	}
	evalGo(t, v, "FileStream stderr nextPutAll: 'oops'; flush")
	if got := errs.String(); got != "oops" {
		t.Errorf("standard error has %q", got)
	}
	for _, c := range []struct {
		source string
		want   any
	}{
		{"FileStream stdin nextLine", "one"},
		{"FileStream stdin upToEnd asString", "two\n"},
		{"FileStream stdin atEnd", true},
		{"Smalltalk getenv: 'X'", "value of X"},
		{"Smalltalk getenv: 'Y'", nil},
		{"Smalltalk imageArguments", []any{"--serve", "a", "é"}},
	} {
		if got := evalGo(t, v, c.source); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s answers %#v, want %#v", c.source, got, c.want)
		}
	}
}

func TestFiles(t *testing.T) {
	v := open(t, Config{FS: fstest.MapFS{"data/a.txt": {Data: []byte("hello")}}})
	if got := evalGo(t, v, "'/data/a.txt' asFileReference contents asString"); got != "hello" {
		t.Errorf("the file has %q", got)
	}
	for _, source := range []string{"'/data/b.txt' asFileReference contents", "'/data/a.txt' asFileReference writeStream", "'/data/a.txt' asFileReference delete"} {
		if _, err := v.Eval(context.Background(), source); err == nil {
			t.Errorf("%s went well", source)
		}
	}
	none := open(t, Config{})
	if got := evalGo(t, none, "'/etc/passwd' asFileReference exists"); got != false {
		t.Error("a VM without files sees one")
	}
	dir := t.TempDir()
	real := open(t, Config{Files: hostos.NewFiles()})
	path := filepath.Join(dir, "out.txt")
	evalGo(t, real, "'"+path+"' asFileReference writeStreamDo: [:s | s nextPutAll: 'written']")
	if b, err := os.ReadFile(path); err != nil || string(b) != "written" {
		t.Errorf("the file has %q, %v", b, err)
	}
}

func TestImageMayNotSaveItself(t *testing.T) {
	v := open(t, Config{})
	path := filepath.Join(t.TempDir(), "x.image")
	_, err := v.Eval(context.Background(), "Smalltalk saveAs: '"+path+"'")
	var e *Error
	if !errors.As(err, &e) {
		t.Errorf("the error is %v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the image wrote a file")
	}
	if got := evalGo(t, v, "4"); got != int64(4) {
		t.Errorf("4 is %v", got)
	}
}

func TestSaveAndOpen(t *testing.T) {
	ctx := timeLimit(t)
	path := filepath.Join(t.TempDir(), "saved.image")
	v := open(t, Config{})
	evalGo(t, v, "Smalltalk at: #Kept put: (OrderedCollection with: 'x' with: 3)")
	if err := v.Save(ctx, path); err != nil {
		t.Fatal(err)
	}
	if got := evalGo(t, v, "Kept size"); got != int64(2) {
		t.Errorf("after saving Kept has %v elements", got)
	}
	if err := v.Save(ctx, filepath.Join(path, "no", "folder.image")); err == nil {
		t.Error("saving below a file went well")
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []Config{{Image: path}, {ImageData: data}} {
		w := open(t, c)
		if got := evalGo(t, w, "Kept asArray"); !reflect.DeepEqual(got, []any{"x", int64(3)}) {
			t.Errorf("the saved image has %v", got)
		}
	}
	// Run with arguments it does what they say.
	var out bytes.Buffer
	w := open(t, Config{Image: path, Args: []string{"eval", "Kept size"}, Stdout: &out})
	if code, err := w.Run(ctx); code != 0 || err != nil || out.String() != "2\n" {
		t.Errorf("it ends with %d, %v and prints %q", code, err, out.String())
	}
}

func TestRun(t *testing.T) {
	ctx := timeLimit(t)
	for _, c := range []struct {
		args     []string
		code     int
		out, err string
	}{
		{[]string{"eval", "3 + 4"}, 0, "7\n", ""},
		{[]string{"eval", "Smalltalk exit: 9"}, 9, "", ""},
		{[]string{"eval", "nil foo"}, 1, "", "MessageNotUnderstood: nil does not understand #foo\n"},
		{[]string{"eval", "3 +"}, 1, "", "expected the argument of +"},
		{[]string{"frobnicate"}, 2, "", "unknown command: frobnicate"},
	} {
		var out, errs bytes.Buffer
		v := open(t, Config{Args: c.args, Stdout: &out, Stderr: &errs})
		code, err := v.Run(ctx)
		if err != nil || code != c.code || out.String() != c.out || !strings.Contains(errs.String(), c.err) {
			t.Errorf("%q ends with %d, %v\n%s%s", c.args, code, err, out.String(), errs.String())
		}
		if _, err := v.Run(ctx); err != nil {
			t.Errorf("a second Run answers %v", err)
		}
		var q *Quit
		if _, err := v.Eval(ctx, "3"); !errors.As(err, &q) || q.Code != c.code {
			t.Errorf("after it quit the image answers %v", err)
		}
	}
}

// TestCancel ends endless loops of several kinds, and goes on.
func TestCancel(t *testing.T) {
	v := open(t, Config{Stdin: blocked{make(chan struct{})}})
	evalGo(t, v, "ended := 0. sem := Semaphore new. mutex := Mutex new")
	for i, source := range []string{
		"[true] whileTrue",
		"[[true] whileTrue] ensure: [ended := ended + 1]",
		"[(Delay forSeconds: 1000) wait] ensure: [ended := ended + 1]",
		"[sem wait] ensure: [ended := ended + 1]",
		"mutex critical: [[Processor yield] repeat]",
		"| b | b := nil. b := [:n | (b value: n + 1) + 1]. [[b value: 1] on: Error do: []] repeat",
		"FileStream stdin nextLine",
		"[[] repeat] ensure: [[] repeat]",
	} {
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		_, err := v.Eval(ctx, source)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("%s answers %v", source, err)
		}
		if got := evalGo(t, v, "3 + 4"); got != int64(7) {
			t.Fatalf("after %s 3 + 4 is %v", source, got)
		}
		if i == 4 {
			if got := evalGo(t, v, "mutex critical: [5]"); got != int64(5) {
				t.Errorf("a mutex is held by a process that is no more: %v", got)
			}
		}
	}
	if got := evalGo(t, v, "ended"); got != int64(3) {
		t.Errorf("%v ensure blocks ran, want 3", got)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	why := errors.New("no more")
	cancel(why)
	if _, err := v.Eval(ctx, "3"); !errors.Is(err, why) {
		t.Errorf("a context that was over answers %v", err)
	}
	if _, err := v.Eval(context.Background(), "(Delay forMilliseconds: 5) wait. 3"); err != nil {
		t.Errorf("a delay after all this: %v", err)
	}
}

type blocked struct{ forever chan struct{} }

func (b blocked) Read([]byte) (int, error) {
	<-b.forever
	return 0, nil
}

func TestInterrupt(t *testing.T) {
	v := open(t, Config{})
	ctx := timeLimit(t)
	v.Interrupt() // nothing runs
	for _, source := range []string{"[true] whileTrue", "(Delay forSeconds: 1000) wait", "Semaphore new wait"} {
		evalGo(t, v, "3")
		stop := make(chan struct{})
		go func() {
			// The call may not have begun.
			for {
				select {
				case <-stop:
					return
				case <-time.After(20 * time.Millisecond):
					v.Interrupt()
				}
			}
		}()
		_, err := v.Eval(ctx, source)
		close(stop)
		var e *Error
		if !errors.As(err, &e) || e.Class != "UserInterrupt" || !strings.Contains(e.Stack, "DoIt") {
			t.Errorf("%s answers %v", source, err)
		}
	}
}

func TestStacksAndShutDown(t *testing.T) {
	ctx := timeLimit(t)
	v := open(t, Config{})
	evalGo(t, v, "3")
	if ok, err := v.Interruptible(); !ok || err != nil {
		t.Errorf("Interruptible answers %v, %v", ok, err)
	}
	if s, err := v.Stacks(); err != nil || !strings.Contains(s, "SistaHost") {
		t.Errorf("between calls the stacks are\n%s%v", s, err)
	}
	result := make(chan error)
	go func() {
		_, err := v.Eval(ctx, "[SistaHost yourself] repeat")
		result <- err
	}()
	for {
		s, err := v.Stacks()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(s, "UndefinedObject>>DoIt") && strings.Contains(s, "evaluate:") {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if err := v.ShutDown(ctx); err != nil {
		t.Error(err)
	}
	var q *Quit
	if err := <-result; !errors.As(err, &q) || q.Code != 143 {
		t.Errorf("the call that ran answers %v", err)
	}
	// A VM where nothing runs is shut down as well.
	idle := open(t, Config{})
	evalGo(t, idle, "3")
	if err := idle.ShutDown(ctx); err != nil {
		t.Error(err)
	}
	if _, err := idle.Eval(ctx, "3"); !errors.As(err, &q) {
		t.Errorf("after ShutDown the VM answers %v", err)
	}
}

func TestMaxHeap(t *testing.T) {
	v := open(t, Config{MaxHeap: 40 << 20})
	ctx := timeLimit(t)
	for _, source := range []string{
		"| c | c := OrderedCollection new. [c add: (Array new: 1000)] repeat",
		"| b | b := nil. b := [:n | (b value: n + 1) + 1]. b value: 1",
		"Array new: 100000000",
		"| s | s := 'x'. [s := s , s] repeat",
	} {
		_, err := v.Eval(ctx, source)
		var e *Error
		if !errors.As(err, &e) || e.Class != "OutOfMemory" {
			t.Errorf("%s answers %v", source, err)
		}
	}
	if got := evalGo(t, v, "3"); got != int64(3) {
		t.Errorf("3 is %v", got)
	}
	_, err := v.FromGo(make([]byte, 100<<20))
	var e *Error
	if !errors.As(err, &e) || e.Class != "OutOfMemory" {
		t.Errorf("an argument that is too large: %v", err)
	}
	if _, err := Open(Config{MaxHeap: 1000, CacheDir: cacheDirOfTests}); err == nil {
		t.Error("an image opened in 1000 bytes")
	}
}

func TestDeepRecursion(t *testing.T) {
	v := open(t, Config{})
	if got := evalGo(t, v, "| b | b := nil. b := [:n | n = 0 ifTrue: [0] ifFalse: [1 + (b value: n - 1)]]. b value: 1000000"); got != int64(1000000) {
		t.Errorf("the depth is %v", got)
	}
}

func TestPlugin(t *testing.T) {
	closed := 0
	m := plugin.Module{Name: "CounterPlugin", New: func(plugin.VM) (plugin.Instance, error) {
		n := 0
		return plugin.Instance{
			Primitives: map[string]plugin.Func{
				"primitiveCount": func(c *plugin.Call) (heap.Oop, plugin.Failure) {
					n++
					return c.ReturnInt(int64(n))
				},
				"primitivePanic": func(*plugin.Call) (heap.Oop, plugin.Failure) { panic("so") },
			},
			Close: func() { closed++ },
		}, nil
	}}
	v, err := Open(Config{Plugins: []plugin.Module{m}, CacheDir: cacheDirOfTests})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Count", "Panic"} {
		evalGo(t, v, "Object compile: 'test"+name+" <primitive: ''primitive"+name+"'' module: ''CounterPlugin''> ^nil'")
	}
	evalGo(t, v, "3 testCount")
	if got := evalGo(t, v, "3 testCount"); got != int64(2) {
		t.Errorf("the second count is %v", got)
	}
	_, err = v.Eval(context.Background(), "3 testPanic")
	var i *InternalError
	if !errors.As(err, &i) || i.Value != "so" {
		t.Errorf("a panic in a plugin answers %v", err)
	}
	if _, again := v.Eval(context.Background(), "3"); again != err {
		t.Errorf("afterwards the VM answers %v", again)
	}
	if err := v.Close(); err != nil || closed != 1 {
		t.Errorf("closing answers %v, the plugin was closed %d times", err, closed)
	}
}

func TestClose(t *testing.T) {
	v, err := Open(Config{CacheDir: cacheDirOfTests})
	if err != nil {
		t.Fatal(err)
	}
	x := must(v.Eval(context.Background(), "'kept'"))
	result := make(chan error)
	go func() {
		_, err := v.Eval(context.Background(), "[true] whileTrue")
		result <- err
	}()
	for !v.running.Load() {
		time.Sleep(time.Millisecond)
	}
	for range 2 {
		if err := v.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := <-result; !errors.Is(err, ErrClosed) {
		t.Errorf("the call that ran answers %v", err)
	}
	_, err1 := v.Eval(context.Background(), "3")
	_, err2 := x.Text()
	_, err3 := v.FromGo(3)
	_, err4 := v.Run(context.Background())
	_, err5 := v.Stacks()
	for _, err := range []error{err1, err2, err3, err4, err5, v.Save(context.Background(), "x"), v.ShutDown(context.Background())} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("a closed VM answers %v", err)
		}
	}
	x.Release()
	v.Interrupt()
	v.SignalSemaphore(1)
}

// TestCloseReturnsMemory counts what the host gave and got back.
func TestCloseReturnsMemory(t *testing.T) {
	m := &counting{Memory: hostos.Memory()}
	for _, dir := range []string{"-", cacheDirOfTests} {
		v, err := Open(Config{Memory: m, CacheDir: dir})
		if err != nil {
			t.Fatal(err)
		}
		evalGo(t, v, "(1 to: 100000) collect: [:x | x printString]")
		if m.reserved == 0 {
			t.Error("no memory was taken from the host")
		}
		if err := v.Close(); err != nil || m.reserved != 0 {
			t.Errorf("closing answers %v, %d bytes are still reserved", err, m.reserved)
		}
	}
}

type counting struct {
	host.Memory
	reserved uint64
}

func (c *counting) Reserve(addr, size uint64) (uint64, error) {
	a, err := c.Memory.Reserve(addr, size)
	if err == nil {
		c.reserved += size
	}
	return a, err
}

func (c *counting) Release(addr, size uint64) error {
	c.reserved -= size
	return c.Memory.Release(addr, size)
}

// TestManyMachines runs several VMs at once, and one from several goroutines.
func TestManyMachines(t *testing.T) {
	ctx := timeLimit(t)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			var out bytes.Buffer
			v, err := Open(Config{CacheDir: cacheDirOfTests, Stdout: &out})
			if err != nil {
				t.Error(err)
				return
			}
			defer v.Close()
			for n := range 20 {
				x, err := v.Send(ctx, n, "*", i)
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := x.Int(); got != int64(n*i) || err != nil {
					t.Errorf("%d * %d is %d, %v", n, i, got, err)
				}
			}
		})
	}
	shared := open(t, Config{})
	evalGo(t, shared, "all := OrderedCollection new")
	for i := range 8 {
		wg.Go(func() {
			x, err := shared.FromGo(i)
			if err != nil {
				t.Error(err)
				return
			}
			defer x.Release()
			for range 10 {
				all, err := shared.Eval(ctx, "all")
				if err == nil {
					_, err = all.Send(ctx, "add:", x)
					all.Release()
				}
				var e *Error
				if err != nil && (!errors.As(err, &e) || e.Class != "UserInterrupt") {
					t.Error(err)
				}
				if i == 0 {
					shared.Interrupt() // somebody's, or nobody's
				}
			}
		})
	}
	wg.Wait()
	if got := evalGo(t, shared, "all size"); got.(int64) > 80 || got.(int64) < 60 {
		t.Errorf("%v elements were added", got)
	}
}

func TestNoNetwork(t *testing.T) {
	v := open(t, Config{})
	if _, err := v.Eval(timeLimit(t), "Socket newTCP"); err == nil {
		t.Error("a socket was made without a network")
	}
}

func TestValuesOfOtherMachines(t *testing.T) {
	a, b := open(t, Config{}), open(t, Config{})
	x := must(a.Eval(context.Background(), "'x'"))
	if _, err := b.Send(context.Background(), x, "size"); err == nil || !strings.Contains(err.Error(), "another VM") {
		t.Errorf("the error is %v", err)
	}
}

func TestCacheUnusable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	v := open(t, Config{CacheDir: filepath.Join(file, "folder"), MaxHeap: 64 << 20})
	if got := evalGo(t, v, "3"); got != int64(3) {
		t.Errorf("3 is %v", got)
	}
	if _, err := v.Eval(timeLimit(t), "Array new: 100000000"); err == nil {
		t.Error("the limit of the heap does not hold")
	}
	// A damaged image in the cache is built anew.
	dir := t.TempDir()
	open(t, Config{CacheDir: dir})
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(names) != 1 {
		t.Fatalf("the cache has %q", names)
	}
	if err := os.Truncate(names[0], 5000); err != nil {
		t.Fatal(err)
	}
	v = open(t, Config{CacheDir: dir})
	if got := evalGo(t, v, "3"); got != int64(3) {
		t.Errorf("3 is %v", got)
	}
}

func TestStressGC(t *testing.T) {
	v := open(t, Config{StressGC: true})
	x := must(v.FromGo([]any{"a", big.NewInt(5), Symbol("brandNewSymbol"), 2.5}))
	if s, err := x.Print(timeLimit(t)); err != nil || s != "#('a' 5 #brandNewSymbol 2.5)" {
		t.Errorf("it prints as %q, %v", s, err)
	}
}

// An image is saved among the files that are given for it.
func TestSaveFiles(t *testing.T) {
	dir := t.TempDir()
	v := open(t, Config{Snapshots: true, SaveFiles: below{hostos.NewFiles(), dir}})
	if _, err := v.Eval(context.Background(), "Smalltalk saveAs: '/saved.image'"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "saved.image")); err != nil {
		t.Error(err)
	}
	v = open(t, Config{Snapshots: true, SaveFiles: host.ReadOnly(fstest.MapFS{})})
	_, err := v.Eval(context.Background(), "Smalltalk saveAs: '/saved.image'")
	if err == nil || !strings.Contains(err.Error(), "the image could not be saved: image /saved.image: ") {
		t.Errorf("saved among files that cannot be written: %v", err)
	}
	if got := evalGo(t, v, "Smalltalk imageName = '/saved.image'"); got != false {
		t.Error("an image that was not saved has the name of the file")
	}
}

// below is the files in a folder, as an own tree.
type below struct {
	host.Files
	dir string
}

func (b below) Open(name string, flag int, perm fs.FileMode) (host.File, error) {
	return b.Files.Open(b.dir+name, flag, perm)
}
func (b below) Stat(name string) (host.FileInfo, error)  { return b.Files.Stat(b.dir + name) }
func (b below) Lstat(name string) (host.FileInfo, error) { return b.Files.Lstat(b.dir + name) }
func (b below) Rename(from, to string) error             { return b.Files.Rename(b.dir+from, b.dir+to) }

package docs_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"
	"testing/fstest"
	"time"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
	"github.com/sista-vm/sista/vm"
)

// The code in README.md and embedding.md.

func Example_quick() {
	ctx := context.Background()
	m, err := vm.Open(vm.Config{Stdout: os.Stdout})
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()

	v, err := m.Eval(ctx, "(1 to: 10) inject: 0 into: [ :a :b | a + b ]")
	if err != nil {
		log.Fatal(err)
	}
	n, err := v.Int()
	fmt.Println(n, err)
	// Output: 55 <nil>
}

func Example_values() {
	ctx := context.Background()
	m, err := vm.Open(vm.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()

	words, err := m.FromGo([]any{"pear", "fig", "apple"})
	if err != nil {
		log.Fatal(err)
	}
	sorted, err := words.Send(ctx, "sorted")
	if err != nil {
		log.Fatal(err)
	}
	elements, err := sorted.Elements()
	if err != nil {
		log.Fatal(err)
	}
	for _, e := range elements {
		text, _ := e.Text()
		fmt.Println(e.Class(), text)
	}

	big, err := m.Eval(ctx, "100 factorial")
	if err != nil {
		log.Fatal(err)
	}
	i, err := big.BigInt()
	fmt.Println(i.BitLen(), err)
	// Output:
	// ByteString apple
	// ByteString fig
	// ByteString pear
	// 525 <nil>
}

func Example_errors() {
	m, err := vm.Open(vm.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()

	_, err = m.Eval(context.Background(), "#(1 2 3) collect: [ :each | each / 0 ]")
	var e *vm.Error
	if errors.As(err, &e) {
		fmt.Println(e.Class)
		fmt.Println(e.Message)
		fmt.Println(strings.Contains(e.Stack, "Array(SequenceableCollection)>>collect:"))
	}
	// Output:
	// ZeroDivide
	// division by zero
	// true
}

func Example_limits() {
	m, err := vm.Open(vm.Config{
		MaxHeap: 64 << 20,
		FS:      fstest.MapFS{"data/numbers": {Data: []byte("1 2 3")}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()

	v, err := m.Eval(context.Background(), "'/data/numbers' asFileReference contents substrings size")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(v.Int())

	// What takes too long is stopped, and the VM goes on.
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err = m.Eval(ctx, "[ true ] whileTrue")
	fmt.Println(errors.Is(err, context.DeadlineExceeded))
	v, err = m.Eval(context.Background(), "6 * 7")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(v.Int())
	// Output:
	// 3 <nil>
	// true
	// 42 <nil>
}

// Adder is a plugin: Smalltalk objects can add up the elements of ByteArrays in Go.
var Adder = plugin.Module{Name: "Adder", New: func(plugin.VM) (plugin.Instance, error) {
	calls := int64(0) // state of the plugin in one virtual machine
	return plugin.Instance{Primitives: map[string]plugin.Func{
		"primitiveSum": func(c *plugin.Call) (heap.Oop, plugin.Failure) {
			bytes, ok := c.Bytes(0)
			if !ok {
				return c.Fail(plugin.BadArgument)
			}
			calls++
			sum := int64(0)
			for _, b := range bytes {
				sum += int64(b)
			}
			return c.ReturnInt(sum)
		},
		"primitiveCalls": func(c *plugin.Call) (heap.Oop, plugin.Failure) {
			return c.ReturnInt(calls)
		},
	}}, nil
}}

func Example_plugin() {
	ctx := context.Background()
	m, err := vm.Open(vm.Config{Plugins: []plugin.Module{Adder}})
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()

	_, err = m.Eval(ctx, `
		Object subclass: #Adder instanceVariableNames: '' classVariableNames: '' package: 'Example'.
		(Smalltalk at: #Adder) class
			compile: 'sum: bytes
				<primitive: #primitiveSum module: #Adder error: code>
				^ self error: ''cannot add: '' , code printString';
			compile: 'calls <primitive: #primitiveCalls module: #Adder> ^ self primitiveFailed'`)
	if err != nil {
		log.Fatal(err)
	}
	v, err := m.Eval(ctx, "{ Adder sum: #[1 2 3]. Adder sum: #[]. Adder calls }")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(v.Print(ctx))
	_, err = m.Eval(ctx, "Adder sum: 3")
	fmt.Println(err)
	// Output:
	// #(6 0 2) <nil>
	// Error: cannot add: #'bad argument'
}

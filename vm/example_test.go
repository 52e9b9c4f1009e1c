package vm_test

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

func Example() {
	ctx := context.Background()
	m, err := vm.Open(vm.Config{Stdout: os.Stdout})
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()

	v, err := m.Eval(ctx, "(1 to: 10) inject: 0 into: [:a :b | a + b]")
	if err != nil {
		log.Fatal(err)
	}
	n, err := v.Int()
	fmt.Println(n, err)

	_, err = m.Eval(ctx, "Transcript showCr: 'Hello from Smalltalk'")
	fmt.Println(err)
	// Output:
	// 55 <nil>
	// Hello from Smalltalk
	// <nil>
}

// Messages are sent with Go values, and to objects that Go holds.
func ExampleVM_Send() {
	ctx := context.Background()
	m, err := vm.Open(vm.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()

	// Methods of your own come from Smalltalk source.
	if _, err := m.Eval(ctx, `
		Object subclass: #Account instanceVariableNames: 'balance' package: 'Bank'.
		Account >> initialize [ balance := 0 ]
		Account >> deposit: amount for: reasons [
			balance := balance + amount.
			^ reasons size -> balance ]
	`); err != nil {
		log.Fatal(err)
	}
	class, err := m.Global(ctx, "Account")
	if err != nil {
		log.Fatal(err)
	}
	account, err := class.Send(ctx, "new")
	if err != nil {
		log.Fatal(err)
	}
	r, err := account.Send(ctx, "deposit:for:", 12.5, []string{"rent", "food"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Print(ctx))

	// What Smalltalk does wrong is a *vm.Error.
	_, err = account.Send(ctx, "withdraw:", 1)
	var e *vm.Error
	if errors.As(err, &e) {
		fmt.Println(e.Class)
		fmt.Println(e.Message)
	}
	// Output:
	// 2->12.5 <nil>
	// MessageNotUnderstood
	// Account does not understand #withdraw:
}

// A plugin is a set of Go functions that methods name as their primitives.
func Example_plugin() {
	greeter := plugin.Module{Name: "Greeter", New: func(plugin.VM) (plugin.Instance, error) {
		greet := func(c *plugin.Call) (heap.Oop, plugin.Failure) {
			name, ok := c.String(0)
			if !ok {
				return c.Fail(plugin.BadArgument)
			}
			return c.ReturnString("Hello, " + strings.ToUpper(name))
		}
		return plugin.Instance{Primitives: map[string]plugin.Func{"primitiveGreet": greet}}, nil
	}}
	m, err := vm.Open(vm.Config{Plugins: []plugin.Module{greeter}})
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()

	v, err := m.Eval(context.Background(), `
		Object subclass: #Greeter instanceVariableNames: '' package: 'Example'.
		Greeter >> greet: aString [
			<primitive: 'primitiveGreet' module: 'Greeter'>
			^ 'I cannot greet ', aString printString ]
		{ Greeter new greet: 'you'. Greeter new greet: 42 }
	`)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(v.Go())
	// Output:
	// [Hello, YOU I cannot greet 42] <nil>
}

// A VM sees what it is given, and takes no more memory than it may.
func ExampleConfig() {
	m, err := vm.Open(vm.Config{
		Stdin:   strings.NewReader("some input"),
		Stdout:  os.Stdout,
		FS:      fstest.MapFS{"motd": {Data: []byte("be nice")}},
		MaxHeap: 64 << 20,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()

	for _, source := range []string{
		"Transcript showCr: FileStream stdin upToEnd asString",
		"Transcript showCr: '/motd' asFileReference contents asString",
		"'/etc/passwd' asFileReference contents",
		"Array new: 1000 * 1000 * 1000",
	} {
		if _, err := m.Eval(context.Background(), source); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// some input
	// be nice
	// FileDoesNotExistException: there is no file '/etc/passwd'
	// OutOfMemory: out of memory
}

// A context ends what runs; the VM can be used again.
func ExampleVM_Eval_cancellation() {
	m, err := vm.Open(vm.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	_, err = m.Eval(ctx, "[[true] whileTrue] ensure: [ended := true]")
	fmt.Println(err)

	v, err := m.Eval(context.Background(), "ended")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(v.Bool())
	// Output:
	// context deadline exceeded
	// true <nil>
}

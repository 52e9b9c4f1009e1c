package reference

import "math/big"

// index answers a 1-based index as an offset, or says why there is none.
func (ev *evaluator) index(index object, size int) (int, error) {
	i, ok := index.(*big.Int)
	if !ok {
		return 0, openf("an index that is no integer")
	}
	if !i.IsInt64() || i.Int64() < 1 || i.Int64() > int64(size) {
		_, err := ev.signal("SubscriptOutOfBounds")
		return 0, err
	}
	return int(i.Int64()) - 1, nil
}

// sequence answers the elements of an Array, OrderedCollection or String.
func sequence(v object) []object {
	switch v := v.(type) {
	case *array:
		return v.elements
	case *text:
		elements := make([]object, len(v.chars))
		for i, c := range v.chars {
			elements[i] = character(c)
		}
		return elements
	}
	return nil
}

// like answers a new collection of the receiver's kind.
func like(receiver object, elements []object) (object, error) {
	switch r := receiver.(type) {
	case *array:
		return &array{elements: elements, growing: r.growing}, nil
	case *text:
		if r.symbol {
			return nil, openf("a part of a symbol")
		}
		t := &text{}
		for _, e := range elements {
			c, ok := e.(character)
			if !ok {
				return nil, openf("a string of something other than characters")
			}
			t.chars = append(t.chars, rune(c))
		}
		return t, nil
	}
	return nil, openf("a collection of an unknown kind")
}

// each evaluates f for every element; collections may not grow or shrink
// meanwhile.
func (ev *evaluator) each(receiver object, f func(i int, e object) (stop bool, err error)) error {
	a, ok := receiver.(*array)
	if ok {
		a.visits++
		defer func() { a.visits-- }()
	}
	for i, n := 0, len(sequence(receiver)); i < n; i++ {
		// An Array's elements may change while it is visited.
		if stop, err := f(i, sequence(receiver)[i]); stop || err != nil {
			return err
		}
	}
	return nil
}

// doing makes an iteration that answers the receiver.
func doing(f func(ev *evaluator, block object, i int, e object) error) native {
	return func(ev *evaluator, r object, a []object) (object, error) {
		err := ev.each(r, func(i int, e object) (bool, error) { return false, f(ev, a[0], i, e) })
		return r, err
	}
}

// filtering makes select: and reject:.
func filtering(keep bool) native {
	return func(ev *evaluator, r object, a []object) (object, error) {
		var kept []object
		err := ev.each(r, func(_ int, e object) (bool, error) {
			v, err := ev.call(a[0], e)
			if err != nil {
				return true, err
			}
			b, ok := v.(bool)
			if !ok {
				return true, openf("a filter that answers no Boolean")
			}
			if b == keep {
				kept = append(kept, e)
			}
			return false, nil
		})
		if err != nil {
			return nil, err
		}
		return like(r, kept)
	}
}

var sequenceNatives = natives{
	"size": func(_ *evaluator, r object, _ []object) (object, error) { return integer(len(sequence(r))), nil },
	"isEmpty": func(_ *evaluator, r object, _ []object) (object, error) {
		return len(sequence(r)) == 0, nil
	},
	"notEmpty": func(_ *evaluator, r object, _ []object) (object, error) {
		return len(sequence(r)) != 0, nil
	},
	"at:": func(ev *evaluator, r object, a []object) (object, error) {
		elements := sequence(r)
		if err := ev.plainIndexing(r, a[0]); err != nil {
			return nil, err
		}
		i, err := ev.index(a[0], len(elements))
		if err != nil {
			return nil, err
		}
		return elements[i], nil
	},
	"at:put:": func(ev *evaluator, r object, a []object) (object, error) {
		array, ok := r.(*array)
		if !ok || array.literal {
			return nil, openf("a store into a literal or a string")
		}
		if err := ev.plainIndexing(r, a[0]); err != nil {
			return nil, err
		}
		i, err := ev.index(a[0], len(array.elements))
		if err != nil {
			return nil, err
		}
		array.elements[i] = a[1]
		return a[1], nil
	},
	"first": func(_ *evaluator, r object, _ []object) (object, error) { return end(sequence(r), 0) },
	"last":  func(_ *evaluator, r object, _ []object) (object, error) { return end(sequence(r), len(sequence(r))-1) },
	"do:": doing(func(ev *evaluator, block object, _ int, e object) error {
		_, err := ev.call(block, e)
		return err
	}),
	"withIndexDo:": doing(func(ev *evaluator, block object, i int, e object) error {
		_, err := ev.call(block, e, integer(i+1))
		return err
	}),
	"keysAndValuesDo:": doing(func(ev *evaluator, block object, i int, e object) error {
		_, err := ev.call(block, integer(i+1), e)
		return err
	}),
	"reverseDo:": func(ev *evaluator, r object, a []object) (object, error) {
		n := len(sequence(r))
		err := ev.each(r, func(i int, _ object) (bool, error) {
			_, err := ev.call(a[0], sequence(r)[n-1-i])
			return false, err
		})
		return r, err
	},
	"do:separatedBy:": func(ev *evaluator, r object, a []object) (object, error) {
		err := ev.each(r, func(i int, e object) (bool, error) {
			if i > 0 {
				if _, err := ev.call(a[1]); err != nil {
					return true, err
				}
			}
			_, err := ev.call(a[0], e)
			return false, err
		})
		return r, err
	},
	"collect:": func(ev *evaluator, r object, a []object) (object, error) {
		var results []object
		err := ev.each(r, func(_ int, e object) (bool, error) {
			v, err := ev.call(a[0], e)
			results = append(results, v)
			return false, err
		})
		if err != nil {
			return nil, err
		}
		return like(r, results)
	},
	"select:": filtering(true),
	"reject:": filtering(false),
	"inject:into:": func(ev *evaluator, r object, a []object) (object, error) {
		sum := a[0]
		err := ev.each(r, func(_ int, e object) (bool, error) {
			v, err := ev.call(a[1], sum, e)
			sum = v
			return false, err
		})
		return sum, err
	},
	"detect:ifNone:": func(ev *evaluator, r object, a []object) (object, error) {
		var found object
		ok := false
		err := ev.each(r, func(_ int, e object) (bool, error) {
			v, err := ev.call(a[0], e)
			if err != nil {
				return true, err
			}
			b, isBool := v.(bool)
			if !isBool {
				return true, openf("a test that answers no Boolean")
			}
			found, ok = e, b
			return b, nil
		})
		if err != nil || ok {
			return found, err
		}
		return ev.call(a[1])
	},
	"includes:": func(ev *evaluator, r object, a []object) (object, error) {
		for _, e := range sequence(r) {
			same, err := ev.send(e, "=", a[0])
			if err != nil {
				return nil, err
			}
			if same == true {
				return true, nil
			}
		}
		return false, nil
	},
	"copy": func(ev *evaluator, r object, _ []object) (object, error) {
		return like(r, append([]object(nil), sequence(r)...))
	},
	"reversed": func(ev *evaluator, r object, _ []object) (object, error) {
		var list []object
		for _, e := range sequence(r) {
			list = append([]object{e}, list...)
		}
		return like(r, list)
	},
	",": func(ev *evaluator, r object, a []object) (object, error) {
		if ev.classOf(r) != ev.classOf(a[0]) {
			return nil, openf("two kinds of collection joined")
		}
		list := append(append([]object(nil), sequence(r)...), sequence(a[0])...)
		if len(list) > maxSize {
			return nil, openf("a collection of more than %d elements", maxSize)
		}
		return like(r, list)
	},
	"asArray": func(ev *evaluator, r object, _ []object) (object, error) {
		return &array{elements: append([]object(nil), sequence(r)...)}, nil
	},
	"asOrderedCollection": func(ev *evaluator, r object, _ []object) (object, error) {
		return &array{elements: append([]object(nil), sequence(r)...), growing: true}, nil
	},
}

// plainIndexing leaves open what kernels say to a bad index of a collection
// that grows.
func (ev *evaluator) plainIndexing(r, index object) error {
	a, ok := r.(*array)
	if !ok || !a.growing {
		return nil
	}
	i, isSmall := small(index)
	if !isSmall || i < 1 || i > len(a.elements) {
		return openf("an OrderedCollection indexed out of range")
	}
	return nil
}

func end(elements []object, i int) (object, error) {
	if len(elements) == 0 {
		return nil, openf("an end of an empty collection")
	}
	return elements[i], nil
}

// changing makes an operation that changes the size of an OrderedCollection.
func changing(f func(a *array, args []object) (object, error)) native {
	return func(ev *evaluator, r object, args []object) (object, error) {
		a := r.(*array)
		if a.visits > 0 {
			return nil, openf("a collection changed while it is visited")
		}
		if len(a.elements) >= maxSize {
			return nil, openf("a collection of more than %d elements", maxSize)
		}
		return f(a, args)
	}
}

var orderedNatives = natives{
	"add:": changing(func(a *array, args []object) (object, error) {
		a.elements = append(a.elements, args[0])
		return args[0], nil
	}),
	"addFirst:": changing(func(a *array, args []object) (object, error) {
		a.elements = append([]object{args[0]}, a.elements...)
		return args[0], nil
	}),
	"removeFirst": changing(func(a *array, _ []object) (object, error) {
		e, err := end(a.elements, 0)
		if err == nil {
			a.elements = a.elements[1:]
		}
		return e, err
	}),
	"removeLast": changing(func(a *array, _ []object) (object, error) {
		n := len(a.elements) - 1
		e, err := end(a.elements, n)
		if err == nil {
			a.elements = a.elements[:n]
		}
		return e, err
	}),
}

var stringNatives = natives{
	"asSymbol": func(ev *evaluator, r object, _ []object) (object, error) {
		return ev.symbol(string(r.(*text).chars)), nil
	},
	"asString": func(ev *evaluator, r object, _ []object) (object, error) {
		if r.(*text).symbol {
			return newText(string(r.(*text).chars)), nil
		}
		return r, nil
	},
}

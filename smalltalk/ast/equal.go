package ast

import (
	"math/big"
	"reflect"
)

// Equal says that two trees mean the same text: they are compared without
// spans and comments. Two nils are equal.
func Equal(a, b Node) bool {
	return equal(reflect.ValueOf(a), reflect.ValueOf(b))
}

// Types that are compared otherwise than field by field.
var (
	typeSpan     = reflect.TypeFor[Span]()
	typeSpans    = reflect.TypeFor[[]Span]()
	typeComments = reflect.TypeFor[[]Comment]()
	typeInt      = reflect.TypeFor[*big.Int]()
	typeRat      = reflect.TypeFor[*big.Rat]()
)

func equal(a, b reflect.Value) bool {
	if !a.IsValid() || !b.IsValid() {
		return a.IsValid() == b.IsValid()
	}
	if a.Type() != b.Type() {
		return false
	}
	switch a.Type() {
	case typeSpan, typeSpans, typeComments:
		return true
	case typeInt:
		return a.Interface().(*big.Int).Cmp(b.Interface().(*big.Int)) == 0
	case typeRat:
		return a.Interface().(*big.Rat).Cmp(b.Interface().(*big.Rat)) == 0
	}
	switch a.Kind() {
	case reflect.Pointer, reflect.Interface:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() == b.IsNil()
		}
		return equal(a.Elem(), b.Elem())
	case reflect.Struct:
		for i := range a.NumField() {
			if !equal(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Slice:
		if a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !equal(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Float64:
		// 0.0 and -0.0 are different literals.
		return a.Float() == b.Float() && 1/a.Float() == 1/b.Float()
	default:
		return a.Equal(b)
	}
}

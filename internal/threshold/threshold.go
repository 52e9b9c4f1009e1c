// Package threshold gives the fields of a struct of thresholds names, for flags of a command line and for reports.
//
// Fields are uint64 or int, and never negative; other fields are none of its business. The tag help says what one is; from and to bound it:
//
//	MaxCases int `help:"receiver classes told apart at a send" from:"1" to:"4"`
//
// The name of a field is its Go name with hyphens: max-cases, and of OSRAfter osr-after.
package threshold

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode"
)

// Set gives the threshold of that name a value. The policy is a pointer to a struct.
func Set(policy any, name, value string) error {
	v := reflect.ValueOf(policy).Elem()
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if !countable(field) || hyphened(field.Name) != name {
			continue
		}
		n, err := strconv.ParseUint(value, 0, 63)
		if err != nil {
			return fmt.Errorf("%s: %q is no number from 0 up", name, value)
		}
		from, to := bounds(field)
		if n < from || n > to {
			return fmt.Errorf("%s: %d is not from %d to %d", name, n, from, to)
		}
		if v.Field(i).CanInt() {
			v.Field(i).SetInt(int64(n))
		} else {
			v.Field(i).SetUint(n)
		}
		return nil
	}
	return fmt.Errorf("no threshold %q", name)
}

// Each calls f with every threshold: its name for Set, its value, what it is.
func Each(policy any, f func(name, value, help string)) {
	v := reflect.ValueOf(policy).Elem()
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if !countable(field) {
			continue
		}
		f(hyphened(field.Name), fmt.Sprint(v.Field(i)), field.Tag.Get("help"))
	}
}

// countable tells whether a field is a threshold.
func countable(field reflect.StructField) bool {
	return field.Type.Kind() == reflect.Int || field.Type.Kind() == reflect.Uint64
}

// bounds answers what the tags of a field say.
func bounds(field reflect.StructField) (from, to uint64) {
	to = 1<<63 - 1
	for name, at := range map[string]*uint64{"from": &from, "to": &to} {
		if text, ok := field.Tag.Lookup(name); ok {
			n, err := strconv.ParseUint(text, 0, 63)
			if err != nil {
				panic(fmt.Sprintf("threshold: field %s: %v", field.Name, err))
			}
			*at = n
		}
	}
	return from, to
}

// hyphened writes GatherAfter as gather-after, OSRAfter as osr-after.
func hyphened(field string) string {
	var w strings.Builder
	for i, r := range field {
		last := i > 0 && unicode.IsUpper(rune(field[i-1]))
		next := i+1 < len(field) && unicode.IsLower(rune(field[i+1]))
		if i > 0 && unicode.IsUpper(r) && (!last || next) {
			w.WriteByte('-')
		}
		w.WriteRune(unicode.ToLower(r))
	}
	return w.String()
}

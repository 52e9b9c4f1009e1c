package wire

import "reflect"

// Fill sets every field that can be reached from the struct at p, unexported ones excepted, to something that
// is not zero, and lists to one or two elements: for tests that all of a
// structure comes through an encoding. Different calls of next make different numbers.
func Fill(p any, next func() uint64) { fill(reflect.ValueOf(p).Elem(), next, 0) }

// deepest bounds how deep types that contain themselves are filled.
const deepest = 8

func fill(v reflect.Value, next func() uint64, depth int) {
	if depth > deepest || !v.CanSet() {
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(next()%100 + 1))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(next()%100 + 1)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(float64(next()%100) + 0.5)
	case reflect.String:
		v.SetString(string(rune('a' + next()%26)))
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), next, depth+1)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), next, depth+1)
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), next, depth+1)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fill(v.Index(i), next, depth+1)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, next, depth+1)
		fill(value, next, depth+1)
		v.SetMapIndex(key, value)
	}
}

// Package locale is the LocalePlugin: how numbers, dates and money are written
// where the user lives, as far as the name of the POSIX locale tells.
//
// Locales that the small table here does not have are written like the "C" locale.
package locale

import (
	"strings"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// Module is the plugin.
var Module = plugin.Module{Name: "LocalePlugin", New: func(vm plugin.VM) (plugin.Instance, error) {
	l := parse(vm.Host().Env.Locale)
	offset := func(c *plugin.Call) (heap.Oop, plugin.Failure) {
		return c.ReturnInt(int64(vm.Host().Clock.LocalOffset() / 60))
	}
	return plugin.Instance{Primitives: map[string]plugin.Func{
		"primitiveLanguage":            text(l.language),
		"primitiveCountry":             text(l.country),
		"primitiveCurrencySymbol":      text(l.currency),
		"primitiveCurrencyNotation":    truth(l.currencyFirst),
		"primitiveDecimalSymbol":       text(l.decimal),
		"primitiveDigitGroupingSymbol": text(l.grouping),
		"primitiveMeasurementMetric":   truth(l.metric),
		"primitiveLongDateFormat":      text(l.longDate),
		"primitiveShortDateFormat":     text(l.shortDate),
		"primitiveTimeFormat":          text(l.time),
		"primitiveDaylightSavings":     truth(false), // the offset has it already
		"primitiveTimezoneOffset":      offset,
		"primitiveVMOffsetToUTC":       offset,
	}}, nil
}}

func text(s string) plugin.Func {
	return func(c *plugin.Call) (heap.Oop, plugin.Failure) { return c.ReturnString(s) }
}

func truth(b bool) plugin.Func {
	return func(c *plugin.Call) (heap.Oop, plugin.Failure) { return c.ReturnBool(b) }
}

// locale is how things are written. Dates are patterns of d, m, y and other letters
// as strftime has them, without the percent signs.
type locale struct {
	language, country         string
	decimal, grouping         string
	currency                  string
	currencyFirst, metric     bool
	longDate, shortDate, time string
}

// languages have decimal and grouping symbols.
var languages = map[string][2]string{
	"en": {".", ","}, "zh": {".", ","}, "ja": {".", ","}, "ko": {".", ","}, "he": {".", ","}, "th": {".", ","},
	"de": {",", "."}, "es": {",", "."}, "it": {",", "."}, "nl": {",", "."}, "pt": {",", "."}, "da": {",", "."},
	"el": {",", "."}, "id": {",", "."}, "ro": {",", "."}, "tr": {",", "."}, "vi": {",", "."}, "hr": {",", "."},
	"fr": {",", " "}, "sv": {",", " "}, "nb": {",", " "}, "fi": {",", " "}, "pl": {",", " "}, "cs": {",", " "},
	"sk": {",", " "}, "hu": {",", " "}, "ru": {",", " "}, "uk": {",", " "}, "bg": {",", " "},
}

// currencies are those of countries, and whether their sign comes first.
var currencies = map[string]struct {
	sign  string
	first bool
}{
	"US": {"$", true}, "CA": {"$", true}, "AU": {"$", true}, "NZ": {"$", true}, "MX": {"$", true}, "AR": {"$", true},
	"CL": {"$", true}, "CO": {"$", true}, "UY": {"$", true}, "BR": {"R$", true}, "GB": {"£", true}, "CH": {"CHF", true},
	"JP": {"¥", true}, "CN": {"¥", true}, "IN": {"₹", true}, "KR": {"₩", true}, "IL": {"₪", true}, "IE": {"€", true},
	"NL": {"€", true}, "AT": {"€", true}, "DE": {"€", false}, "FR": {"€", false}, "ES": {"€", false}, "IT": {"€", false},
	"PT": {"€", false}, "BE": {"€", false}, "FI": {"€", false}, "GR": {"€", false}, "LU": {"€", false},
	"SE": {"kr", false}, "NO": {"kr", false}, "DK": {"kr", false}, "PL": {"zł", false}, "CZ": {"Kč", false},
	"HU": {"Ft", false}, "RU": {"₽", false}, "UA": {"₴", false}, "TR": {"₺", false}, "VN": {"₫", false},
}

// parse reads a name such as "de_CH.UTF-8@euro".
func parse(name string) locale {
	name, _, _ = strings.Cut(name, ".")
	name, _, _ = strings.Cut(name, "@")
	language, country, _ := strings.Cut(name, "_")
	if language == "" || language == "C" || language == "POSIX" {
		language, country = "en", ""
	}
	l := locale{language: language, country: country, decimal: ".", metric: true,
		longDate: "A d B y", shortDate: "Y-m-d", time: "H:M:S"}
	if s, ok := languages[language]; ok {
		l.decimal, l.grouping = s[0], s[1]
	}
	if language == "de" && (country == "CH" || country == "LI") {
		l.decimal, l.grouping = ".", "’"
	}
	if m, ok := currencies[country]; ok {
		l.currency, l.currencyFirst = m.sign, m.first
	}
	switch country {
	case "US":
		l.metric, l.shortDate, l.time = false, "m/d/y", "I:M:S p"
	case "LR", "MM":
		l.metric = false
	}
	return l
}

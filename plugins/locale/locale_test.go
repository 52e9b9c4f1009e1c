package locale

import (
	"testing"

	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/plugin/plugintest"
)

const module = "LocalePlugin"

func TestLocales(t *testing.T) {
	for name, want := range map[string]map[string]any{
		"en_US.UTF-8": {"Language": "en", "Country": "US", "CurrencySymbol": "$", "CurrencyNotation": true, "DecimalSymbol": ".",
			"DigitGroupingSymbol": ",", "MeasurementMetric": false, "ShortDateFormat": "m/d/y"},
		"de_DE@euro": {"Language": "de", "Country": "DE", "CurrencySymbol": "€", "CurrencyNotation": false, "DecimalSymbol": ",",
			"DigitGroupingSymbol": ".", "MeasurementMetric": true},
		"de_CH": {"DecimalSymbol": ".", "DigitGroupingSymbol": "’", "CurrencySymbol": "CHF"},
		"":      {"Language": "en", "Country": "", "DecimalSymbol": ".", "CurrencySymbol": ""},
		"C":     {"Language": "en", "Country": ""},
		"xx_YY": {"Language": "xx", "Country": "YY", "DecimalSymbol": ".", "TimeFormat": "H:M:S", "DaylightSavings": false},
	} {
		v := plugintest.New(t, Module)
		v.World.Env.Locale = name
		for p, w := range want {
			if got := v.Do(module, "primitive"+p, nil); got != w {
				t.Errorf("%q: %s is %v, want %v", name, p, got, w)
			}
		}
	}
}

func TestOffset(t *testing.T) {
	v := plugintest.New(t, Module)
	v.World.Clock.(*host.VirtualClock).Offset = -5400
	for _, p := range []string{"primitiveTimezoneOffset", "primitiveVMOffsetToUTC"} {
		if got := v.Do(module, p, nil); got != -90 {
			t.Errorf("%s is %v minutes", p, got)
		}
	}
}

func TestFuzzArguments(t *testing.T) { plugintest.Fuzz(t, Module, 100, nil) }

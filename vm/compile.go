package vm

import (
	"fmt"

	"github.com/sista-vm/sista/counters"
	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/native"
)

// startCompiler makes the broker that compiles what is hot. Where there can be no
// machine code everything is interpreted; Config.Trace and the StartReport say why.
func (v *VM) startCompiler() error {
	c := v.config
	features, err := features(c.CPU)
	if err != nil || c.Compile == jit.Off {
		return err
	}
	zone, err := v.in.NewZone(c.CodeBytes)
	if err != nil {
		v.noCode = err
		if c.Trace.Compile != nil {
			c.Trace.Compile(fmt.Sprintf("everything is interpreted: %v", err))
		}
		return nil
	}
	v.zone = zone
	if c.OnCode != nil {
		zone.OnPlace = func(p *native.Placed) { c.OnCode(p.Text(), uint64(len(p.Head().Bytes)), p.Head().Name) }
	}
	if c.Feedback == nil {
		v.in.Gather(counters.New(c.Stress.Policy(counters.DefaultPolicy())))
	}
	v.broker = jit.NewBroker(v.in, zone, jit.Options{Mode: c.Compile, Log: c.Trace.Compile, LogDeopt: c.Trace.Deopt, Compiled: c.OnCompiled,
		LowerFirst: jit.DefaultLowerFirst, Stress: c.Stress, Features: features})
	return nil
}

// features are those of the processor that code may use.
func features(level string) (native.Features, error) {
	if level == "" {
		level = "native"
	}
	f, err := native.FeaturesOf(level)
	if err != nil {
		err = fmt.Errorf("vm: %w", err)
	}
	return f, err
}

// closeCompiler ends compilations and gives their memory back.
func (v *VM) closeCompiler() error {
	if v.broker == nil {
		return nil
	}
	v.broker.Close()
	return v.zone.Close()
}

// Broker answers what compiles, nil if nothing does.
func (v *VM) Broker() *jit.Broker { return v.broker }

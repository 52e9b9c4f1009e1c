package vm

import (
	"fmt"

	"github.com/sista-vm/sista/counters"
	"github.com/sista-vm/sista/jit"
)

// startCompiler makes the broker that compiles what is hot. Where there can be no
// machine code everything is interpreted, and Config.CompileLog is told why.
func (v *VM) startCompiler() {
	c := v.config
	if c.Compile == jit.Off {
		return
	}
	zone, err := v.in.NewZone()
	if err != nil {
		if c.CompileLog != nil {
			c.CompileLog(fmt.Sprintf("everything is interpreted: %v", err))
		}
		return
	}
	v.zone = zone
	if c.Feedback == nil {
		v.in.Gather(counters.New(counters.DefaultPolicy()))
	}
	v.broker = jit.NewBroker(v.in, zone, jit.Options{Mode: c.Compile, Log: c.CompileLog})
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

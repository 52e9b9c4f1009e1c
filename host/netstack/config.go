package netstack

import (
	"fmt"
	"net/netip"
	"strings"
)

// Set sets a part of the configuration by its name and value:
//
//	address=10.0.0.7/24   gateway=10.0.0.1   dns=10.0.0.1,9.9.9.9   hostname=web
func (c *Config) Set(setting string) error {
	name, value, _ := strings.Cut(setting, "=")
	var err error
	switch name {
	case "address":
		if c.Address, err = netip.ParsePrefix(value); err == nil && !c.Address.Addr().Is4() {
			err = fmt.Errorf("%s is no address of IPv4", value)
		}
	case "gateway":
		c.Gateway, err = parseIPv4(value)
	case "dns":
		c.DNS = nil
		for _, v := range strings.Split(value, ",") {
			var a netip.Addr
			if a, err = parseIPv4(v); err != nil {
				break
			}
			c.DNS = append(c.DNS, a)
		}
	case "hostname":
		if value == "" {
			err = fmt.Errorf("it is empty")
		}
		c.Hostname = value
	default:
		return fmt.Errorf("network setting %q: there are address, gateway, dns and hostname", name)
	}
	if err != nil {
		return fmt.Errorf("network setting %s: %w", name, err)
	}
	return nil
}

func parseIPv4(s string) (netip.Addr, error) {
	a, err := netip.ParseAddr(s)
	if err == nil && !a.Is4() {
		err = fmt.Errorf("%s is no address of IPv4", s)
	}
	return a, err
}

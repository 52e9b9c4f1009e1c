package xenrig

import (
	"path"
	"strings"

	"github.com/sista-vm/sista/xenhost/debian"
)

const (
	xenVersion   = "4.17.7%2b13-g2445b30a44-0%2bdeb12u1_amd64.deb"
	xenPool      = "debian-security/pool/updates/main/x/xen/"
	linuxRelease = "6.1.0-56-amd64"
	xenPrograms  = "usr/lib/xen-4.17/bin/"
)

// part is a package, and which of its files are taken: target answers where a file goes in the first
// domain's tree, "" for nowhere.
type part struct {
	debian.Package
	target func(name string) string
}

// Files that are for QEMU, beside the tree.
const (
	hypervisorFile = "/xen.gz"
	kernelFile     = "/vmlinuz"
)

// parts are of Debian 12.
var parts = []part{
	{debian.Package{Path: xenPool + "xen-hypervisor-4.17-amd64_" + xenVersion,
		Sum: "fc074298a677325306662eea382cc4503339b8e1f4db54b24702b0b07cf6741d"}, to("boot/xen-4.17-amd64.gz", hypervisorFile)},
	{debian.Package{Path: "debian-security/pool/updates/main/l/linux-signed-amd64/linux-image-" + linuxRelease + "_6.1.192-2_amd64.deb",
		Sum: "a86e2049672f52354c4536a089203b6c82639420424d31c91cf31a181fd4d8f1"}, ofLinux},
	{debian.Package{Path: "debian/pool/main/b/busybox/busybox-static_1.35.0-4%2bdeb12u1%2bb1_amd64.deb",
		Sum: "3d3fdbe91d4660c873e14b092c213fe81c1da6362daa236eb25d0171eb108744"}, to("bin/busybox", "bin/busybox")},
	{debian.Package{Path: xenPool + "xen-utils-4.17_" + xenVersion,
		Sum: "1c928e408738cab624ee1d0ce2a824b0e9bc8874e91d635208f346940fb6d47c"}, ofXenUtils},
	{debian.Package{Path: xenPool + "xenstore-utils_" + xenVersion,
		Sum: "f12f1d73fe949d8cb2574fd7a2d6b6f40b165ccf1a6a58cbb5336c03777afe14"}, ofXenstore},

	// What the programs of Xen are linked with.
	{debian.Package{Path: xenPool + "libxenmisc4.17_" + xenVersion,
		Sum: "bb43a3633976c8dfa79e0cad473ffeb4f014a5f666b3b62a32bd42ab6daf8862"}, libraries},
	{debian.Package{Path: xenPool + "libxencall1_" + xenVersion,
		Sum: "7479a19973fc1f5d35a73370e3ace8968d3bfb6c49f6b723b2ce85103fd7ebf1"}, libraries},
	{debian.Package{Path: xenPool + "libxendevicemodel1_" + xenVersion,
		Sum: "205a8f266517dee5ac9c676aa2540e2865758cc584e2602ed978a76f160ef042"}, libraries},
	{debian.Package{Path: xenPool + "libxenevtchn1_" + xenVersion,
		Sum: "95f4a1a52c95c62360881c1a2770a47b5ff52bed6658e008754bda0cf5c92f0b"}, libraries},
	{debian.Package{Path: xenPool + "libxenforeignmemory1_" + xenVersion,
		Sum: "c3a57bceb6eb06d77b960a133ac0591024d992fd1e820b25c4e3323d4635e04e"}, libraries},
	{debian.Package{Path: xenPool + "libxengnttab1_" + xenVersion,
		Sum: "3525aa228b3f27e0a267bc6f9f59ab9963a2adf490a0df406810988b5fdee98e"}, libraries},
	{debian.Package{Path: xenPool + "libxenhypfs1_" + xenVersion,
		Sum: "2eb9de8ca25a0142f7a54fe05563fca78f7afcf4bad9c936602b4c96a68ddfb6"}, libraries},
	{debian.Package{Path: xenPool + "libxenstore4_" + xenVersion,
		Sum: "94197a6d85b33377f6f1775fa89b2c5eea96822736a87b4bb36f7a70fc7ff4d0"}, libraries},
	{debian.Package{Path: xenPool + "libxentoolcore1_" + xenVersion,
		Sum: "67deaa6b71b3f5caa5021f45f2aa1b3054ce3a972e236222e9d79affe54e0c72"}, libraries},
	{debian.Package{Path: xenPool + "libxentoollog1_" + xenVersion,
		Sum: "2d3d38d45d8176dd5d1517020c2daf686885f034229c33595ca263d0a9c8ecd3"}, libraries},
	{debian.Package{Path: "debian/pool/main/g/glibc/libc6_2.36-9%2bdeb12u14_amd64.deb",
		Sum: "ba4f88f73dbc3ae9055f3c20f4523bfdbaf1ad13ff95e258924f77d20b4fbedf"}, libraries},
	{debian.Package{Path: "debian/pool/main/g/gcc-12/libgcc-s1_12.2.0-14%2bdeb12u1_amd64.deb",
		Sum: "3016e62cb4b7cd8038822870601f5ed131befe942774d0f745622cc77d8a88f7"}, libraries},
	{debian.Package{Path: "debian/pool/main/libz/libzstd/libzstd1_1.5.4%2bdfsg2-5_amd64.deb",
		Sum: "6315b5ac38b724a710fb96bf1042019398cb656718b1522279a5185ed39318fa"}, libraries},
	{debian.Package{Path: "debian/pool/main/u/util-linux/libuuid1_2.38.1-5%2bdeb12u3_amd64.deb",
		Sum: "5fff398321da62d28a842bcbabd193d72ae21724962c029dc32b1dc6b2deaeaf"}, libraries},
	{debian.Package{Path: "debian/pool/main/y/yajl/libyajl2_2.1.0-3%2bdeb12u2_amd64.deb",
		Sum: "b512a6efbe735e7c731185a1b3ea477ff306f0c3f6aa2970e85b12f01fe8063b"}, libraries},
	{debian.Package{Path: "debian/pool/main/z/zlib/zlib1g_1.2.13.dfsg-1_amd64.deb",
		Sum: "d7dd1d1411fedf27f5e27650a6eff20ef294077b568f4c8c5e51466dc7c08ce4"}, libraries},
	{debian.Package{Path: "debian-security/pool/updates/main/x/xz-utils/liblzma5_5.4.1-1%2bdeb12u2_amd64.deb",
		Sum: "3d8c29c8c21ec6007635e1b2591edf98b771c9572a085968f47452b33040f384"}, libraries},
}

func to(from, target string) func(string) string {
	return func(name string) string {
		if name == from {
			return target
		}
		return ""
	}
}

// modules of the first domain's kernel, in the order in which they can be loaded.
var modules = []string{
	"drivers/xen/xen-privcmd", "drivers/xen/xen-evtchn", "drivers/xen/xen-gntdev", "drivers/xen/xen-gntalloc", "drivers/xen/xenfs/xenfs",
	"drivers/virtio/virtio_ring", "drivers/virtio/virtio", "drivers/virtio/virtio_pci_modern_dev", "drivers/virtio/virtio_pci_legacy_dev",
	"drivers/virtio/virtio_pci", "net/core/failover", "drivers/net/net_failover", "drivers/net/virtio_net",
	"drivers/net/xen-netback/xen-netback", "drivers/block/xen-blkback/xen-blkback", "drivers/block/loop",
	"net/llc/llc", "net/802/stp", "net/bridge/bridge",
}

func ofLinux(name string) string {
	if name == "boot/vmlinuz-"+linuxRelease {
		return kernelFile
	}
	if m, ok := strings.CutPrefix(name, "lib/modules/"+linuxRelease+"/kernel/"); ok {
		for _, want := range modules {
			if m == want+".ko" {
				return "lib/modules/" + path.Base(m)
			}
		}
	}
	return ""
}

func ofXenUtils(name string) string {
	switch strings.TrimPrefix(name, xenPrograms) {
	case "xl", "xenstored", "xenconsoled", "xenconsole", "xen-init-dom0", "libxl-save-helper":
		return name
	}
	return ""
}

func ofXenstore(name string) string {
	if strings.HasPrefix(name, "usr/bin/xenstore") && name != "usr/bin/xenstore-control" {
		return name
	}
	return ""
}

// libraries takes shared libraries, and the links to them.
func libraries(name string) string {
	switch path.Dir(name) {
	case "lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu", "lib64":
		if strings.Contains(path.Base(name), ".so") {
			return name
		}
	}
	return ""
}

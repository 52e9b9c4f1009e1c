#!/bin/busybox sh
# The start of the first domain: devices, Xen's daemons, a bridge for guests, and the agent.
/bin/busybox mkdir -p /sbin
/bin/busybox --install -s /bin
export PATH=/sbin:/bin:/usr/bin:/usr/lib/xen-4.17/bin HOME=/root TERM=dumb

mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts
mount -t devpts pts /dev/pts # of which xenconsoled has one for each guest
while read -r module; do
	insmod "$module" || echo "rig: no module $module"
done </lib/modules/order
mount -t xenfs xenfs /proc/xen

xenstored --pid-file=/run/xenstored.pid
until xenstore-exists / 2>/dev/null; do usleep 20000; done
xen-init-dom0
xenconsoled --pid-file=/run/xenconsoled.pid

ip link set lo up
brctl addbr xenbr0
brctl addif xenbr0 eth0
ip link set eth0 up
ip addr add 10.0.2.15/24 dev xenbr0
ip link set xenbr0 up
ip route add default via 10.0.2.2

echo "rig: ready"
exec nc -ll -p 7000 -e /agent

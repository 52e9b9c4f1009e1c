#!/bin/sh
# Makes the back half of a guest's disk of a file, which a loop device stands for, or of a device.
export PATH=/sbin:/bin:/usr/bin
case $1 in
add)
	device=$(xenstore-read "$XENBUS_PATH/params")
	if [ -f "$device" ]; then
		file=$device
		device=$(losetup -f)
		losetup "$device" "$file"
	fi
	xenstore-write "$XENBUS_PATH/node" "$device"
	xenstore-write "$XENBUS_PATH/physical-device" "$(stat -c %t:%T "$device")"
	xenstore-write "$XENBUS_PATH/hotplug-status" connected
	;;
remove)
	device=$(xenstore-read "$XENBUS_PATH/node" 2>/dev/null)
	case $device in /dev/loop*) losetup -d "$device" ;; esac
	;;
esac
exit 0

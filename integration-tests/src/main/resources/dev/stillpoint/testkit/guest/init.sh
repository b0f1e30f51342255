#!/bin/busybox sh
# The first process of the test guest. It mounts every disk, starts the guest agent and the writer,
# and answers on the shell port. Options come on the kernel's command line as stillpoint.NAME=VALUE.

/bin/busybox mkdir -p /proc /sys /dev /run /tmp /sbin /usr/bin
/bin/busybox --install -s /bin
export PATH=/bin:/sbin:/usr/sbin:/usr/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs tmpfs /run

option() { # NAME DEFAULT
  value=$(sed -n "s/.*stillpoint\.$1=\([^ ]*\).*/\1/p" /proc/cmdline)
  echo "${value:-$2}"
}

load() { # MODULE...
  for module in "$@"; do
    # What is missing here is built into this kernel.
    [ -e "/modules/$module.ko" ] || continue
    insmod "/modules/$module.ko" || echo "INIT module $module was not loaded"
  done
}

magic() { # DEVICE OFFSET LENGTH: the bytes in hexadecimal
  dd if="$1" bs=1 skip="$2" count="$3" 2>/dev/null | hexdump -v -e '1/1 "%02x"'
}

# busybox-static has no blkid.
filesystem() { # DEVICE
  if [ "$(magic "$1" 1080 2)" = 53ef ]; then echo ext4
  elif [ "$(magic "$1" 0 4)" = 58465342 ]; then echo xfs
  elif [ "$(magic "$1" 65600 8)" = 5f42485266535f4d ]; then echo btrfs
  fi
}

module_of() { # FILESYSTEM: ext4 is built in
  case $1 in
    xfs) [ -d /sys/module/xfs ] || load libcrc32c xfs ;;
    btrfs) [ -d /sys/module/btrfs ] || load libcrc32c xor raid6_pq zstd_compress blake2b_generic btrfs ;;
  esac
}

# A file that exists before the last mount is found by a reader that does not replay the journal.
mount_disk() { # DEVICE FILESYSTEM DIRECTORY
  mkdir -p "$3"
  mount -t "$2" "$1" "$3" || return
  if [ ! -e "$3/seq" ]; then
    printf '%016d\n' 0 > "$3/seq"
    umount "$3"
    mount -t "$2" "$1" "$3"
  fi
}

mount_disks() {
  for sys in /sys/block/vd*; do
    [ -e "$sys" ] || continue
    device=/dev/${sys##*/}
    type=$(filesystem "$device")
    [ -n "$type" ] || continue
    module_of "$type"
    serial=$(cat "$sys/serial")
    mount_disk "$device" "$type" "/data${serial#disk}"
  done
}

port() { # NAME: the device of a virtio-serial port
  for sys in /sys/class/virtio-ports/*; do
    [ "$(cat "$sys/name")" = "$1" ] && echo "/dev/${sys##*/}" && return
  done
}

# Sequence i goes to every disk in order, each synced before the next begins, and only then is it
# acknowledged. The record is overwritten in place, so the disk never fills; the file beside it is
# not synced and keeps the journal dirty.
writer() {
  pause=$(option writer_pause_us 20000)
  dirs=$(ls -d /data* | sort -V)
  i=0
  while :; do
    i=$((i + 1))
    record=$(printf '%016d' $i)
    for dir in $dirs; do
      echo "$record" | dd of="$dir/seq" conv=notrunc,fsync 2>/dev/null || echo "INIT write $dir failed"
      echo "$record" > "$dir/churn.$((i % 8))"
    done
    echo "ACK $i" > /dev/ttyS1
    usleep "$pause"
  done
}

start_agent() {
  hook=
  [ "$(option hook 0)" = 1 ] && hook=-F/etc/qemu/fsfreeze-hook
  # shellcheck disable=SC2086
  qemu-ga -d -m virtio-serial -p "$(port org.qemu.guest_agent.0)" -t /run -f /run/qemu-ga.pid $hook
}

# One command a line; after its output comes a line with its exit status. Reading says end of file
# while no host is connected.
shell_port() { # DEVICE
  exec 3<>"$1"
  while :; do
    if read -r line <&3; then
      ( eval "$line" ) >&3 2>&1 < /dev/null
      echo "EXIT $?" >&3
    else
      usleep 50000
    fi
  done
}

load virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk virtio_console
mount_disks
[ "$(option agent 1)" = 1 ] && start_agent
[ "$(option writer 1)" = 1 ] && [ -d /data0 ] && writer &
echo "INIT ready"
shell_port "$(port dev.stillpoint.shell)"

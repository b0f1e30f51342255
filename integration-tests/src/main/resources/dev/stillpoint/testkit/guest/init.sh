#!/bin/busybox sh
# The first process of the test guest. It mounts every disk, starts the guest agent and the writer,
# and answers on the shell port. Options come on the kernel's command line as stillpoint.NAME=VALUE.

export PATH=/bin:/sbin:/usr/sbin:/usr/bin
rooted=$1
if [ -z "$rooted" ]; then
  /bin/busybox mkdir -p /proc /sys /dev /run /tmp /sbin /usr/bin
  /bin/busybox --install -s /bin
  mount -t proc proc /proc
  mount -t sysfs sysfs /sys
  mount -t devtmpfs devtmpfs /dev
  mount -t tmpfs tmpfs /run
fi

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
  elif [ "$(magic "$1" 512 8)" = 4c4142454c4f4e45 ] || [ "$(magic "$1" 1049656 2)" = 53ef ]; then echo lvm
  fi
}

module_of() { # FILESYSTEM: ext4 is built in
  case $1 in
    xfs) [ -d /sys/module/xfs ] || load libcrc32c xfs ;;
    btrfs) [ -d /sys/module/btrfs ] || load libcrc32c xor raid6_pq zstd_compress blake2b_generic btrfs ;;
  esac
}

lvm() {
  mkdir -p /run/lock/lvm
  LVM_SUPPRESS_FD_WARNINGS=1 /lvm/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 \
    --library-path /lvm/lib/x86_64-linux-gnu /lvm/usr/sbin/lvm "$@"
}

# The host has put a file system where the first extent will be; nothing is wiped over it.
logical_volume() { # DEVICE GROUP
  [ -d /sys/module/dm_mod ] || load dm-mod
  if [ "$(magic "$1" 512 8)" != 4c4142454c4f4e45 ]; then
    lvm pvcreate -q -y "$1" && lvm vgcreate -q "$2" "$1" &&
      lvm lvcreate -q -y -an -Zn -Wn -l 100%FREE -n lv "$2"
  fi
  lvm vgchange -q -ay "$2"
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
    # There is no udev, and the agent reads the serial from its records.
    mkdir -p /run/udev/data
    echo "E:ID_SERIAL=$serial" > "/run/udev/data/b$(cat "$sys/dev")"
    [ -n "$rooted" ] && [ "$serial" = disk0 ] && continue
    if [ "$type" = lvm ]; then
      logical_volume "$device" "vg${serial#disk}" > /dev/null
      device=/dev/mapper/vg${serial#disk}-lv
      type=ext4
    fi
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

# Goes on as the first process on the disk, whose root then holds the agent and all that it needs.
enter_root() {
  for sys in /sys/block/vd*; do
    [ "$(cat "$sys/serial")" = disk0 ] && device=/dev/${sys##*/}
  done
  mkdir -p /newroot
  mount -t ext4 -o noatime "$device" /newroot
  if [ ! -e /newroot/init ]; then
    cp -a /bin /etc /init /lib /lib64 /modules /usr /newroot
    mkdir -p /newroot/proc /newroot/sys /newroot/dev /newroot/run /newroot/sbin /newroot/tmp /newroot/var/lib/qemu-ga
    ln -s / /newroot/data0
    printf '%016d\n' 0 > /newroot/seq
    # What exists before the last mount is found by a reader that does not replay the journal.
    umount /newroot
    mount -t ext4 -o noatime "$device" /newroot
  fi
  for dir in /proc /sys /dev /run; do mount -o move $dir /newroot$dir; done
  exec switch_root /newroot /init rooted
}

start_agent() { # [STATE_DIRECTORY]
  state=/run
  [ -n "$rooted" ] && state=/var/lib/qemu-ga
  state=${1:-$state}
  # Not with -p, which would first ask a frozen root for a /run.
  [ -d "$state" ] || mkdir "$state"
  hook=
  [ "$(option hook 0)" = 1 ] && hook=-F/etc/qemu/fsfreeze-hook
  rm -f /run/qemu-ga.pid
  # shellcheck disable=SC2086
  qemu-ga -d -m virtio-serial -p "$(port org.qemu.guest_agent.0)" -t "$state" -f /run/qemu-ga.pid $hook
}

kill_agent() {
  # An agent that started over frozen file systems writes its pid only after a thaw.
  pid=$(cat /run/qemu-ga.pid 2>/dev/null || pidof qemu-ga)
  kill -KILL "$pid"
  while [ -d "/proc/$pid" ] && ! grep -q '^State:.Z' "/proc/$pid/status"; do usleep 10000; done
}

# Whether a write to the file system waits for a thaw, as the kernel says of the writer.
frozen() { # DIRECTORY
  done=$(mktemp -u /run/probe.XXXXXX)
  ( : > "$1/.probe"; : > "$done"; rm -f "$1/.probe" ) > /dev/null 2>&1 < /dev/null &
  probe=$!
  while :; do
    [ -e "$done" ] && rm -f "$done" && echo no && return
    [ "$(cat "/proc/$probe/wchan" 2>/dev/null)" = percpu_rwsem_wait ] && echo yes && return
    usleep 10000
  done
}

mount_loop() {
  [ -d /sys/module/loop ] || load loop
  truncate -s 8M /data0/loop.img
  mke2fs -F /data0/loop.img > /dev/null
  mkdir -p /loop
  mount -t ext4 -o loop /data0/loop.img /loop
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

[ -n "$rooted" ] || load virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk virtio_console
[ "$(option root 0)" = 1 ] && [ -z "$rooted" ] && enter_root
mount_disks
[ -e /array.sh ] && . /array.sh
[ "$(option agent 1)" = 1 ] && start_agent
[ "$(option writer 1)" = 1 ] && [ -d /data0 ] && writer &
echo "INIT ready"
shell_port "$(port dev.stillpoint.shell)"

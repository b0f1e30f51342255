# The ZFS pool tank, whose volumes show their snapshots.

load zlib_deflate spl zavl znvpair zunicode zcommon zlua icp zzstd zfs
# What the product runs on a server is what servers have.
for name in cp find mv readlink rm stat sync; do
  ln -sf /bin/packaged /bin/$name
done
# The kernel mounts below .zfs by this program.
ln -sf /bin/busybox /usr/bin/env
mkdir -p /etc/zfs
# Of a whole disk zpool would make partitions itself, and wait for a udev to show them.
printf 'n\np\n1\n\n\nw\n' | fdisk $array_disk > /dev/null
zpool create -o cachefile=none -O mountpoint=/tank -O snapdev=visible -O compression=off tank ${array_disk}1 ||
  echo "INIT no pool" > /dev/ttyS0

# What udev does on other machines: a link in /dev/zvol for each volume and snapshot.
zvol_links() {
  rm -rf /dev/zvol
  for sys in /sys/block/zd*; do
    [ -e "$sys" ] || continue
    device=/dev/${sys##*/}
    name=$(zvol_id "$device") || continue
    mkdir -p "/dev/zvol/${name%/*}"
    ln -s "$device" "/dev/zvol/$name"
  done
}

# Targets for other machines, which nobody connects to: the kernel has what is behind them open.
targets_load() {
  [ -d /sys/module/nvmet ] && return
  load configfs scsi_common scsi_mod target_core_mod target_core_iblock target_core_file nvmet
  mount -t configfs configfs /sys/kernel/config
}

target_device() { # NAME DEVICE
  targets_load
  mkdir -p "/sys/kernel/config/target/core/iblock_0/$1"
  echo "udev_path=$2" > "/sys/kernel/config/target/core/iblock_0/$1/control"
  echo 1 > "/sys/kernel/config/target/core/iblock_0/$1/enable"
}

target_file() { # NAME FILE BYTES
  targets_load
  mkdir -p "/sys/kernel/config/target/core/fileio_0/$1"
  echo "fd_dev_name=$2,fd_dev_size=$3" > "/sys/kernel/config/target/core/fileio_0/$1/control"
  echo 1 > "/sys/kernel/config/target/core/fileio_0/$1/enable"
}

target_nvme() { # NAME DEVICE
  targets_load
  mkdir -p "/sys/kernel/config/nvmet/subsystems/$1/namespaces/1"
  printf %s "$2" > "/sys/kernel/config/nvmet/subsystems/$1/namespaces/1/device_path"
  echo 1 > "/sys/kernel/config/nvmet/subsystems/$1/namespaces/1/enable"
}

targets_end() {
  for one in /sys/kernel/config/nvmet/subsystems/*/namespaces/*; do
    [ -e "$one" ] && echo 0 > "$one/enable" && rmdir "$one"
  done
  for one in /sys/kernel/config/target/core/*_0/* /sys/kernel/config/nvmet/subsystems/*; do
    [ -d "$one" ] && [ "${one##*/}" != alua ] && rmdir "$one"
  done 2> /dev/null
  true
}

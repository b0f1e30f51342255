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

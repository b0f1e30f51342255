# The volume group vg, with a thin pool in it.

load dm-mod dm-bufio dm-snapshot libcrc32c dm-persistent-data dm-bio-prison dm-thin-pool
mkdir -p /run/lock/lvm
pvcreate -q -y $array_disk && vgcreate -q vg $array_disk &&
  lvcreate -q -y -Zn --type thin-pool -L 640m --poolmetadatasize 8m -n pool vg || echo "INIT no volume group" > /dev/ttyS0

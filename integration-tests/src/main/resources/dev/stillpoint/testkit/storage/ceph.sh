# A monitor and an OSD in memory, each a child of this shell, which is the first process of its PID namespace.
# $1 the directory, $2 the root of the unpacked packages, $3 Python, $4 the program that asks the monitor.
set -e
D=$1 R=$2 PYTHON=$3 ASK=$4
L=$R/lib/x86_64-linux-gnu:$R/usr/lib/x86_64-linux-gnu
run() { file=$1; shift; "$R/lib64/ld-linux-x86-64.so.2" --library-path "$L:$R/usr/lib/x86_64-linux-gnu/ceph" "$file" "$@"; }
ceph() { program=$1; shift; run "$R/usr/bin/$program" -c "$D/ceph.conf" "$@"; }
ask() { PYTHONPATH=$R/usr/lib/python3/dist-packages run "$PYTHON" -c "$ASK" "$D/ceph.conf" "$@"; }
FSID=5711b01d-0000-4000-8000-000000000001
OSD=5711b01d-0000-4000-8000-000000000002
ip link set lo up 2>/dev/null || ifconfig lo up
mkdir "$D/mon" "$D/osd"
cat >"$D/ceph.conf" <<CONF
[global]
fsid = $FSID
mon host = v2:127.0.0.1:3300
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
keyring = /dev/null
mon data = $D/mon
osd data = $D/osd
osd objectstore = memstore
memstore device bytes = 1073741824
osd pool default size = 1
osd pool default min size = 1
mon allow pool size one = true
osd crush chooseleaf type = 0
mon data avail crit = 1
mon data avail warn = 1
run dir = $D
admin socket =
log file =
pid file =
plugin dir = $R/usr/lib/x86_64-linux-gnu/ceph
erasure code dir = $R/usr/lib/x86_64-linux-gnu/ceph/erasure-code
osd class dir = $R/usr/lib/x86_64-linux-gnu/rados-classes
CONF
run "$R/usr/bin/monmaptool" --create --fsid "$FSID" --addv a '[v2:127.0.0.1:3300]' "$D/monmap"
ceph ceph-mon --mkfs -i a --monmap "$D/monmap" --keyring /dev/null
ceph ceph-mon -i a -f &
ask '{"prefix":"osd new","uuid":"'$OSD'"}' \
  '{"prefix":"osd crush add","id":0,"weight":1.0,"args":["root=default","host=here"]}'
ceph ceph-osd -i 0 --mkfs --osd-uuid "$OSD"
ceph ceph-osd -i 0 -f &
ask '{"prefix":"osd pool create","pool":"rbd","pg_num":8,"size":1}' \
  '{"prefix":"osd pool application enable","pool":"rbd","app":"rbd"}'
# It waits for the OSD.
ceph rbd ls
: >"$D/ready"
wait

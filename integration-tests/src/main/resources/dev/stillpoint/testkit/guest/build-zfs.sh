# Builds OpenZFS's modules: SOURCE HEADERS_COMMON HEADERS JOBS. Whoever started it holds the other
# end of its standard input; when that is closed, the build is ended with all that it has started.
exec 3<&0
setsid sh -ec '
  cd "$1"
  ./configure --with-config=kernel --with-linux="$2" --with-linux-obj="$3" --disable-dependency-tracking
  make -j"$4"
  find module -name "*.ko" -exec strip --strip-debug {} +
' build "$@" </dev/null 3<&- &
child=$!
{ read -r _ <&3; kill -s KILL -- -$child; } 2>/dev/null &
watcher=$!
exec 3<&-
wait $child
status=$?
kill $watcher 2>/dev/null
exit $status

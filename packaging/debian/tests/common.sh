# SPDX-License-Identifier: MIT
#
# What the tests of the packages share. They run as root on a system of their own, by autopkgtest or
# by scripts/package --check. Where systemd is not running, a stand-in does what the unit says.
set -eu
unset TRIBAR_SERVER TRIBAR_CONFIG TRIBAR_CONTROL
export HOME=/nonexistent
server=

fail() {
  echo "failed: $*" >&2
  exit 1
}

has_systemd() {
  [ -d /run/systemd/system ]
}

start_server() {
  if has_systemd; then
    # The package has started it, perhaps with other settings.
    systemctl restart tribard || {
      show_log
      fail 'systemd cannot start the server'
    }
  else
    # As with DynamicUser=yes, StateDirectory=tribar and RuntimeDirectory=tribar.
    install -d -m 0700 /var/lib/private
    install -d -m 0700 -o nobody -g nogroup /var/lib/private/tribar
    chmod 0711 /var/lib/private
    ln -sfn private/tribar /var/lib/tribar
    install -d -m 0755 -o nobody -g nogroup /run/tribar
    (cd /var/lib/tribar &&
      exec setpriv --reuid=nobody --regid=nogroup --clear-groups --no-new-privs --inh-caps=-all \
        tribard --config /etc/tribar/tribard.json) 2>/tmp/tribard.log &
    server=$!
  fi
  # Until it listens, for at most 30 s.
  tries=0
  until tribar list 'nobody-*'; do
    tries=$((tries + 1))
    if [ $tries -ge 300 ]; then
      show_log
      fail 'the server does not answer'
    fi
    sleep 0.1
  done
}

stop_server() {
  if has_systemd; then
    systemctl stop tribard
    [ "$(systemctl show --property=Result --value tribard)" = success ] || fail 'stopping'
  elif [ -n "$server" ]; then
    kill -TERM "$server"
    wait "$server" || fail "the server ended with $?"
    server=
  fi
}

show_log() {
  if has_systemd; then
    systemctl status --full --lines=30 --no-pager tribard >&2 || true
  else
    cat /tmp/tribard.log >&2
  fi
}

# expect WANTED FOUND
expect() {
  [ "$1" = "$2" ] || fail "expected '$1', but got '$2'"
}

# Prints the path of the package tribard.
find_package() {
  if [ -n "${TRIBAR_PACKAGES:-}" ]; then
    echo "$TRIBAR_PACKAGES"/tribard_*.deb
  else
    (cd /tmp && apt-get download tribard >/dev/null && echo "$PWD"/tribard_*.deb)
  fi
}

# The package tribard once more, with a higher version and another text in the settings that it
# brings: prints the path of the file.
make_newer_package() {
  folder=$(mktemp -d)
  chmod 0755 "$folder"
  dpkg-deb --raw-extract "$(find_package)" "$folder/tree"
  sed -i 's/^Version: .*/&+newer/' "$folder/tree/DEBIAN/control"
  echo '// A newer version.' >>"$folder/tree/etc/tribar/tribard.json"
  dpkg-deb --root-owner-group --build "$folder/tree" "$folder/newer.deb" >/dev/null
  echo "$folder/newer.deb"
}

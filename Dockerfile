# SPDX-License-Identifier: MIT
#
# weatherd's programs under s6, as a user of their own, on a root file system that may be read-only: see weatherd(7).

FROM debian:trixie-slim AS build
WORKDIR /source
COPY scripts/lib/packages.sh scripts/lib/steps.sh scripts/lib/
RUN bash -c '. scripts/lib/packages.sh && packages_install build'
COPY . .
RUN ./autogen.sh \
    && ./configure --prefix=/usr --sysconfdir=/etc --localstatedir=/var \
    && make -j"$(nproc)" \
    && make install-strip DESTDIR=/image

FROM debian:trixie-slim
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
        ca-certificates libcsv3 libinih1 libjson-c5 libprotobuf-c1 librdkafka1 libsystemd0 s6 zlib1g \
    && apt-get clean \
    && rm -rf /var/lib/apt/lists/* /var/log/* \
    && echo 'weatherd:x:10001:0:weatherd:/var/lib/weatherd:/usr/sbin/nologin' >>/etc/passwd \
    && install -d -o 10001 -m 0775 /var/lib/weatherd /var/lib/weatherd-forecast \
    && chmod 1777 /run \
    && install -d /etc/weatherd \
    && ln -s /run/weatherd/settings.d /etc/weatherd/consumer.d \
    && ln -s /run/weatherd/settings.d /etc/weatherd/forecast.d \
    && ln -s /run/weatherd/settings.d /etc/weatherd/producer.d
COPY --from=build /image/usr/sbin /usr/sbin
COPY --from=build /image/usr/bin /usr/bin
COPY --from=build /image/etc/weatherd/*.ini /etc/weatherd/
COPY COPYING /usr/share/doc/weatherd/copyright
COPY s6 /usr/lib/weatherd/s6
RUN ln -s /usr/lib/weatherd/s6/weatherd-forecast /usr/local/sbin

# Known to what is run by "docker exec", too: where files, figures and secrets are.
ENV STATE_DIRECTORY=/var/lib/weatherd RUNTIME_DIRECTORY=/run/weatherd CREDENTIALS_DIRECTORY=/run/secrets
LABEL org.opencontainers.image.title=weatherd org.opencontainers.image.licenses=MIT \
    org.opencontainers.image.description="Statistics of weather stations from Kafka, each report counted exactly once"
USER 10001
WORKDIR /var/lib/weatherd
VOLUME /var/lib/weatherd /var/lib/weatherd-forecast
HEALTHCHECK --interval=30s --timeout=10s --start-period=10s CMD ["/usr/lib/weatherd/s6/healthy"]
ENTRYPOINT ["/usr/lib/weatherd/s6/start"]

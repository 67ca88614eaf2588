"use strict";

/* A benchmark's page opens with the choices that index.json proposes. They go into the address, so
   that asv's own buttons change them. */
$(document).ready(function () {
    const register = $.asv.register_page;

    $.asv.register_page = function (name, show) {
        register(name, name === "graphdisplay" ? (params) => open(params, show) : show);
    };

    function open(params, show) {
        const benchmark = $.asv.main_json.benchmarks[params.benchmark];
        if (!benchmark) {
            window.location.replace("#/");
        } else if (Object.keys(params).some(chooses)) {
            show(params);
            $("#title").text(benchmark.pretty_name || benchmark.name);
        } else {
            window.location.replace(openingAddress(benchmark, params));
        }
    }

    function chooses(key) {
        return key.startsWith("p-") || key === "x-axis" || key === "commits";
    }

    function openingAddress(benchmark, params) {
        const { benchmark: _, ...given } = params;
        const chosen = { ...lastSeries(benchmark), ...benchmark.opening, ...given };
        return $.asv.format_hash_string({ location: [benchmark.name], params: chosen });
    }

    /* Machine and settings of the last measurement, as far as there are others. */
    function lastSeries(benchmark) {
        const names = Object.entries($.asv.main_json.params)
            .filter(([, values]) => values.length > 1)
            .map(([name]) => name);
        return Object.fromEntries(names.map((name) => [name, [benchmark.series[name]]]));
    }

    const failed = $.asv.ui.network_error;

    $.asv.ui.network_error = function () {
        failed();
        if (window.location.protocol === "file:") {
            $("#error-message").text(
                "A browser does not read the data of these pages from a disk. Run asv preview in " +
                "the folder of the project, and open the address that it prints."
            );
        }
    };
});

"use strict";

/* The first page: each benchmark's opening view as a small graph. */
$(document).ready(function () {
    const register = $.asv.register_page;
    let isMade = false;

    $.asv.register_page = function (name, show) {
        register(name, name === "" ? showGrid : show);
    };

    function showGrid() {
        $("#summarygrid-display").show();
        $("#title").text("All benchmarks");
        if (!isMade) {
            isMade = true;
            makeGrid();
        }
    }

    function makeGrid() {
        const seen = new IntersectionObserver((entries) => entries.forEach((entry) => {
            if (entry.isIntersecting) {
                seen.unobserve(entry.target);
                fill($(entry.target));
            }
        }));
        const groups = new Map();
        const benchmarks = Object.values($.asv.main_json.benchmarks);
        for (const benchmark of benchmarks.sort((a, b) => a.place - b.place)) {
            const group = (benchmark.pretty_name || benchmark.name).split(/[:.]/)[0];
            groups.set(group, [...(groups.get(group) || []), benchmark]);
        }
        for (const name of [...groups.keys()].sort()) {
            const group = $('<div class="benchmark-group"/>').append($("<h1/>").text(name));
            for (const benchmark of groups.get(name)) {
                const plot = $('<div class="benchmark-plot"/>').data("benchmark", benchmark);
                group.append(card(benchmark, plot));
                seen.observe(plot[0]);
            }
            $("#summarygrid-display").append(group);
        }
    }

    function card(benchmark, plot) {
        const title = (benchmark.pretty_name || benchmark.name).replace(/^[^:]*: /, "");
        return $('<a class="btn benchmark-container"/>')
            .attr("href", `#${benchmark.name}`)
            .attr("title", `${title}, ${benchmark.unit}`)
            .append($('<div class="benchmark-text"/>').text(title), plot);
    }

    function fill(place) {
        const benchmark = place.data("benchmark");
        $.asv.load_graph_data($.asv.graph_to_path(benchmark.name, benchmark.series))
            .done((data) => {
                const series = seriesOf(benchmark, data);
                $.plot(place, series, optionsOf(benchmark, series));
            });
    }

    function seriesOf(benchmark, data) {
        const names = benchmark.param_names;
        const axis = names.indexOf(benchmark.opening["x-axis"][0]);
        const own = names.indexOf("implementation");
        const chosen = names.map((name, i) => {
            const values = benchmark.opening[`p-${name}`];
            return values ? benchmark.params[i].indexOf(values[0]) : 0;
        });
        const shown = axis === own ? [null] : benchmark.opening["p-implementation"];
        return shown.map((name) => {
            const place = name === null ? 0 : benchmark.params[own].indexOf(name);
            const at = [null, ...chosen.with(own, place)];
            const points = $.asv.filter_graph_data(data, axis + 1, at, benchmark.params);
            return oneSeries(points, axis === own, place);
        });
    }

    function oneSeries(points, isBars, place) {
        const valued = points.filter((point) => point[1] !== null);
        const data = isBars ? valued.map((point, i) => [i, point[1]]) : valued;
        const form = isBars ? { bars: { show: true, barWidth: 0.7, align: "center" } }
            : { lines: { show: true, lineWidth: 1.5 } };
        return { data, color: $.gradmark.colour(place), ...form };
    }

    function optionsOf(benchmark, series) {
        const isBars = benchmark.opening["x-axis"][0] === "implementation";
        const points = series.flatMap((each) => each.data);
        const axis = (i) => ({ ticks: [], ...logarithmic(points.map((point) => point[i])) });
        return {
            series: { shadowSize: 0 },
            grid: { borderWidth: 1, borderColor: "#ccc", margin: 0, labelMargin: 0 },
            xaxis: isBars ? { ticks: [] } : axis(0),
            yaxis: axis(1),
            legend: { show: false },
        };
    }

    function logarithmic(values) {
        const positive = values.filter((value) => value > 0);
        const [least, most] = [Math.min(...positive), Math.max(...positive)];
        const room = Math.max((most / least) ** 0.08, 1.1);
        return {
            min: least / room,
            max: most * room,
            transform: (value) => Math.log(Math.max(value, least / room)),
            inverseTransform: Math.exp,
        };
    }
});

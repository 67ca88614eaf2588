"use strict";

/* How graphs are drawn: asv calls $.plot with its series and options, which are completed here. */
$(document).ready(function () {
    const draw = $.plot;
    const legend = $('<div id="gradmark-legend"/>');
    const caption = $('<div id="gradmark-caption"/>');
    const tip = $('<div id="gradmark-tip"/>').hide();
    const LEAST_SPAN = 5;  // from here on, a linear axis crowds most values into a corner

    $("#graph").append(caption, legend);
    $("body").append(tip);

    $.plot = function (place, series, options) {
        const isMain = $(place).is("#main-graph");
        const shown = series.filter(hasValues).map((each) => ({ ...each }));
        shown.forEach(showSinglePoint);
        if (isMain) {
            complete(shown, options);
        }
        return draw(place, shown, options);
    };
    $.extend($.plot, draw);

    function complete(series, options) {
        const benchmark = current();
        const axis = options.xaxis.axisLabel;
        describe(series, benchmark);
        options.legend = { ...options.legend, container: legend };
        const isCommit = !benchmark.param_names.includes(axis);
        const isCategory = options.xaxis.mode === "categories";
        const hasLegend = options.legend.show && series.some((each) => each.label);
        legend.toggle(hasLegend);
        $("#graph").toggleClass("with-legend", hasLegend).toggleClass("no-overview", !isCommit);
        $("#range").closest(".panel").toggle(isCommit);
        $("#main-graph").toggleClass("slanted", isCategory);
        options.xaxis.axisLabelUseCanvas = false;  // would be cut off at the lower edge
        options.grid = { ...options.grid, borderWidth: 1, borderColor: "#ccc" };
        scaleY(options, benchmark);
        if (isCategory) {
            slantLabels(series, options);
        } else if (!isCommit) {
            series.forEach((each) => { each.data = each.data.filter((point) => point[1] !== null); });
            scaleX(series, options);
        }
    }

    function current() {
        const info = $.asv.parse_hash_string(window.location.hash);
        return $.asv.main_json.benchmarks[info.location[0]];
    }

    function hasValues(series) {
        return series.data.some((point) => point[1] !== null && point[1] !== undefined);
    }

    /* A line through one point cannot be seen. */
    function showSinglePoint(series) {
        const n = series.data.filter((point) => point[1] !== null).length;
        if (n === 1 && !series.bars) {
            series.points = { show: true, radius: 3 };
        }
    }

    /* Labels keep what differs between the series; what they share goes above the graph. */
    function describe(series, benchmark) {
        const labels = series.map((each) => split(each.label || ""));
        const differs = (key) => new Set(labels.map((label) => label.get(key))).size > 1;
        const shared = [];
        series.forEach((each, i) => {
            const own = [...labels[i].keys()].filter(differs);
            each.label = own.map((key) => word(key, labels[i].get(key))).join(", ");
            each.color = differs("implementation")
                ? colour(labels[i].get("implementation"), benchmark) : $.gradmark.colour(i);
        });
        for (const [key, value] of labels[0] || []) {
            if (!differs(key) && value !== "last") {
                shared.push(`${$.gradmark.name(key)} ${value}`);
            }
        }
        const title = benchmark.pretty_name || benchmark.name;
        const told = series.length ? shared : ["no values for this choice"];
        caption.text([title, ...told].join(" · "));
    }

    /* asv's label, such as "commit-last; implementation-fused", as a map. */
    function split(label) {
        const parts = label ? label.split("; ") : [];
        const known = [
            "commit", ...Object.keys($.asv.main_json.params), ...current().param_names
        ];
        return new Map(parts.map((part) => {
            const key = known.find((name) => part.startsWith(name + "-")) || part;
            return [key, part.slice(key.length + 1)];
        }));
    }

    function word(key, value) {
        return ["implementation", "solver", "dataset"].includes(key)
            ? value : `${$.gradmark.name(key)} ${value}`;
    }

    /* Of the implementation's place in the list, so that it does not change with the choice. */
    function colour(implementation, benchmark) {
        const names = benchmark.params[benchmark.param_names.indexOf("implementation")];
        return $.gradmark.colour(names.indexOf(`'${implementation}'`));
    }

    /* A unit at each tick, of its own size, where asv would have one for the whole axis. */
    function scaleY(options, benchmark) {
        const unit = benchmark.unit;
        if ($("#reference").hasClass("active")) {
            return;
        }
        if (unit === "seconds" || unit === "bytes") {
            options.yaxis.axisLabel = "";
            options.yaxis.tickFormatter = (value) => $.asv.pretty_unit(value, unit);
        }
    }

    function scaleX(series, options) {
        const values = series.flatMap((each) => each.data.map((point) => point[0]));
        const [least, most] = [Math.min(...values), Math.max(...values)];
        if (!(least > 0 && most / least >= LEAST_SPAN)) {
            return;
        }
        const room = (most / least) ** 0.03;
        const min = options.xaxis.min || least / room;
        const max = options.xaxis.max || most * room;
        const ticks = spread([...new Set(values)].filter((value) => value >= min && value <= max));
        Object.assign(options.xaxis, {
            min,
            max,
            ticks: ticks.length > 1 ? ticks : null,  // flot's own, zoomed in between two sizes
            tickFormatter: (value) => value.toLocaleString("en"),
            transform: (value) => Math.log(value),
            inverseTransform: (value) => Math.exp(value),
        });
    }

    /* Ticks that are far enough from each other for their labels. */
    function spread(values) {
        const sorted = values.sort((a, b) => a - b);
        return sorted.filter((value, i) => i === 0 || value / sorted[i - 1] > 2.5);
    }

    function slantLabels(series, options) {
        const labels = series.flatMap((each) => each.data.map((point) => String(point[0])));
        const longest = Math.max(0, ...labels.map((label) => label.length));
        options.xaxis.labelHeight = 20 + 5 * longest;
        options.xaxis.axisLabel = "";
    }

    /* asv's tooltip would take a number of samples for a commit. */
    $("#main-graph").on("plothover plotclick", function (event, pos, item) {
        const info = $.asv.parse_hash_string(window.location.hash);
        const axis = (info.params["x-axis"] || ["commit"])[0];
        tip.hide();
        if (axis === "commit") {
            return;
        }
        event.stopImmediatePropagation();
        if (item && event.type === "plothover") {
            const value = $.asv.pretty_unit(item.datapoint[1], current().unit);
            const at = item.series.data[item.dataIndex][0];
            const name = item.series.label ? `${item.series.label}, ` : "";
            tip.text(`${name}${$.gradmark.name(axis)} ${at.toLocaleString("en")}: ${value}`);
            tip.css({ left: Math.min(item.pageX + 8, $(window).width() - 220), top: item.pageY + 8 });
            tip.show();
        }
    });
    $(window).on("hashchange", () => tip.hide());
});

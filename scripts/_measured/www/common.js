"use strict";

/* What the other scripts share. */
$(document).ready(function () {
    const NAMES = { "env-GRADMARK_THREADS": "threads", "env-GRADMARK_SETUP": "libraries" };
    const GOLDEN_ANGLE = 137.508;  // neighbours in a list get hues far from each other,
    const LIGHTNESS = [0.3, 0.45, 0.6];  // and those of similar hue another lightness

    $.gradmark = {
        name: (key) => NAMES[key] || key,

        colour: (place) => rgb((place * GOLDEN_ANGLE + 210) % 360, 0.7, LIGHTNESS[place % 3]),
    };

    function rgb(hue, saturation, lightness) {
        const part = (n) => {
            const k = (n + hue / 30) % 12;
            const reach = saturation * Math.min(lightness, 1 - lightness);
            return Math.round(255 * (lightness - reach * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
        };
        return `rgb(${part(0)}, ${part(8)}, ${part(4)})`;
    }

    /* asv's, with a blank, three digits and a unit in every case. */
    const pretty = $.asv.pretty_unit;

    $.asv.pretty_unit = function (value, unit) {
        if (unit === "seconds") {
            return scaled(value, $.asv.time_units, "");
        }
        return unit === "bytes" ? scaled(value, $.asv.mem_units, "B") : pretty(value, unit);
    };

    function scaled(value, units, suffix) {
        const fitting = units.filter((unit) => unit[2] <= Math.abs(value) * 1.0005);
        const one = units.find((unit) => unit[2] === 1);
        const [name, , size] = fitting.pop() || (value ? units[0] : one);
        return `${Number((value / size).toPrecision(3))} ${name}${suffix}`;
    }

    /* asv's fails where a machine or a setting has no value of a benchmark. */
    const filter = $.asv.filter_graph_data;

    $.asv.filter_graph_data = (data, ...rest) => (data.length ? filter(data, ...rest) : []);

    const register = $.asv.register_page;

    $.asv.register_page = (name, show) => register(name, function (params) {
        keepSettingsWithGraphs();
        show(params);
    });

    /* asv also lists settings of results that are of no commit of the branch, without a graph. */
    function keepSettingsWithGraphs() {
        const index = $.asv.main_json;
        for (const [name, values] of Object.entries(index.params)) {
            index.params[name] = values.filter(
                (value) => index.graph_param_list.some((params) => params[name] === value)
            );
        }
    }

    const makePanel = $.asv.ui.make_value_selector_panel;

    $.asv.ui.make_value_selector_panel = (nav, heading, ...rest) =>
        makePanel(nav, $.gradmark.name(heading), ...rest);
});

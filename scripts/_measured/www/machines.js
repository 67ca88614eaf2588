"use strict";

/* A page with what is known of each machine. */
$(document).ready(function () {
    const register = $.asv.register_page;
    const display = $('<div id="machines-display"/>').hide();

    $("body").append(display);
    $.asv.register_page = function (name, show) {
        register(name, function (params) {
            display.hide();
            show(params);
        });
    };

    register("machines", function () {
        $("#title").text("Machines");
        $.asv.load_graph_data("machines.json").done(function (machines) {
            display.empty();
            for (const name of Object.keys(machines).sort()) {
                display.append($("<h1/>").text(name), table(machines[name]));
            }
            display.show();
        });
    });

    function table(facts) {
        const rows = Object.entries(facts).map(([label, text]) =>
            $("<tr/>").append($("<th/>").text(label), $("<td/>").text(text)));
        return $('<table class="table"/>').append($("<tbody/>").append(rows));
    }
});

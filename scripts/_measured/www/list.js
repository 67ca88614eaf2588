"use strict";

/* The list can be narrowed by what its names contain. */
$(document).ready(function () {
    const input = $('<input type="search" class="form-control" id="gradmark-filter"/>')
        .attr("placeholder", "part of a name, such as logistic: time fused 1000")
        .attr("aria-label", "show benchmarks whose names contain these words");

    $("#summarylist-body").prepend(input);
    input.on("input", narrow);
    new MutationObserver(narrow).observe($("#summarylist-body")[0], { childList: true });

    function narrow() {
        const words = input.val().toLowerCase().split(/\s+/);
        $("#summarylist-body tbody tr").each(function () {
            const name = this.cells[0].textContent.toLowerCase();
            this.hidden = !words.every((word) => name.includes(word));
        });
    }
});

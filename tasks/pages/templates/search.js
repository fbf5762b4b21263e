"use strict";
(function () {
  var form = document.querySelector("form[role=search]"), input = form.querySelector("input"), shown = form.querySelector("output");
  var items = Array.prototype.map.call(document.querySelectorAll("#found li"), function (item) {
    return [item, item.textContent.toLowerCase().replace(/\u00a0/g, " ").replace(/\u2212/g, "-")];
  });
  function find() {
    var words = input.value.toLowerCase().replace(/\u2212/g, "-").split(/\s+/).filter(Boolean), count = 0;
    items.forEach(function (pair) {
      var fits = words.every(function (word) { return pair[1].indexOf(word) >= 0; });
      pair[0].hidden = !fits;
      count += fits;
    });
    shown.textContent = count + " " + shown.dataset.words;
  }
  form.hidden = false;
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  input.addEventListener("input", find);
  find();
})();

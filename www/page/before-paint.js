// Before anything is painted: an embedded page never shows the parts that it does without.
if (new URLSearchParams(location.search).get("embed") === "1") document.documentElement.dataset.embed = "";
// And the test images of the data set that the link asks for, of that one alone, are on their way.
const data = /^#v=.*&data=cifar10(&|$)/.test(location.hash) ? "cifar10" : "mnist";
for (const type of ["json", "png"]) {
  const link = Object.assign(document.createElement("link"), {
    rel: "preload",
    as: "fetch",
    crossOrigin: "",
    href: `www/samples/${data}.${type}`,
  });
  document.head.append(link);
}

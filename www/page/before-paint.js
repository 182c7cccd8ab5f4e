// This script runs before the first paint, so that an embedded page never shows the parts that it leaves out.
if (new URLSearchParams(location.search).get("embed") === "1") document.documentElement.dataset.embed = "";
// It also starts fetching the test images of the link's data set, and of no other.
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

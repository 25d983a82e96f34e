import { NothingHere } from "../_ui/features/shell/nothing-here";

/** Stands inside the shell, which has the navigation and the page's `main`. */
export default NothingHere;

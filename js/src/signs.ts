/** Line icons of what can be kept, and closed. */

export const STAR = "M12 3.5l2.6 5.4 5.9.8-4.3 4.1 1 5.9-5.2-2.8-5.2 2.8 1-5.9L3.5 9.7l5.9-.8z";
export const TAG = "M4 4h7l9 9-7 7-9-9zM8 8v.01";
export const CROSS = "M6 6l12 12M18 6L6 18";

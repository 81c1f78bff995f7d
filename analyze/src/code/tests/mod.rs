mod arm64;
mod checks;
mod assembled;
mod fixture;
mod real_kernels;
mod recorded;
mod totality;
mod x86_64;
